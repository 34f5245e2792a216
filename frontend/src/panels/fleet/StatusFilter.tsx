import { StatusBadge, type StatusName } from "../../design";
import { t } from "../../i18n";
import classes from "./StatusFilter.module.css";

interface StatusFilterProps {
  counts: readonly [StatusName, number][];
  chosen: ReadonlySet<string>;
  onChange: (chosen: Set<string>) => void;
}

/** How many runs have each status; pressing one lists only these. */
export function StatusFilter({ counts, chosen, onChange }: StatusFilterProps) {
  const toggle = (status: string) => {
    const next = new Set(chosen);
    if (!next.delete(status)) next.add(status);
    onChange(next);
  };
  return (
    <div className={classes.list} role="group" aria-label={t("Filter by status")}>
      {counts.map(([status, count]) => (
        <button
          key={status}
          type="button"
          className={classes.chip}
          aria-pressed={chosen.has(status)}
          onClick={() => toggle(status)}
        >
          <StatusBadge status={status} />
          {` ${count}`}
        </button>
      ))}
    </div>
  );
}
