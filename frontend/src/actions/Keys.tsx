import { shown } from "./keys";
import classes from "./Palette.module.css";

/** A shortcut as key caps. */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className={classes.keys}>
      {shown(keys).flatMap((one, step) => one.map((key, index) => <kbd key={`${step}-${index}`}>{key}</kbd>))}
    </span>
  );
}
