import { Button } from "@mantine/core";

import { useRegistry } from "../../actions";
import { isEnabled } from "../../actions/registry";
import { plural, t } from "../../i18n";
import { useSelection } from "../canvas/selection";
import { useEditor } from "../document/editor";
import panels from "../run/panels.module.css";
import classes from "./node.module.css";

/** What is offered for several nodes at once: the canvas's own actions, which know what makes sense for them. */
const OFFERED = ["canvas.group", "canvas.duplicate", "canvas.copy", "canvas.disable", "canvas.component", "canvas.align-left", "canvas.align-top",
  "canvas.distribute-x", "canvas.distribute-y", "canvas.delete"];

/** Several nodes are selected: what can be done with all of them. */
export function Several({ onSelect }: { onSelect: (node: string) => void }) {
  const chosen = useSelection((state) => state.nodes);
  const nodes = useEditor((state) => state.model.nodes);
  const { actions, context } = useRegistry();
  const offered = OFFERED.flatMap((id) => actions.filter((action) => action.id === id));
  const found = nodes.filter((node) => chosen.has(node.id));
  return (
    <div className={classes.panel}>
      <div className={classes.title}><h2>{plural(found.length, "{count} node", "{count} nodes")}</h2></div>
      <div className={classes.several}>
        {offered.map((action) => (
          <Button key={action.id} variant="default" disabled={!isEnabled(action, context)} leftSection={action.icon ? <action.icon size={13} /> : undefined}
            onClick={() => void action.run(context)}>
            {t(action.label)}
          </Button>
        ))}
      </div>
      <ul className={classes.list} aria-label={t("Selected nodes")}>
        {found.map((node) => (
          <li key={node.id}><button type="button" className={panels.link} onClick={() => onSelect(node.id)}>{node.label || node.id}</button> <span className="p-muted">{node.component}</span></li>
        ))}
      </ul>
    </div>
  );
}
