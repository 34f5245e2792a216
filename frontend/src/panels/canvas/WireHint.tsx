import { useConnection } from "@xyflow/react";

import { t } from "../../i18n";
import classes from "./editing.module.css";
import { deskNow, modelOf } from "./desk";
import { judge } from "../../document/gestures";
import { labelOf } from "./operations";
import { refusalAt, useWiring } from "./wiring";

/** At the pointer, while a wire is drawn: where it would end, or why it cannot end here. Heard, too. */
export function WireHint() {
  const over = useWiring((state) => state.over);
  const from = useWiring((state) => state.from);
  const point = useConnection((connection) => (connection.inProgress ? connection.pointer : null));
  const handle = useConnection((connection) => (connection.inProgress ? connection.toHandle : null));
  const node = handle?.nodeId ?? over;
  if (!from || !point || !node || node === from.node) return <div className="p-hidden" aria-live="assertive" />;
  const why = refusalAt(node, handle?.id ?? null) ?? bodyRefusal(from, node, handle?.id ?? null);
  const text = why ?? (from.backwards ? t("Wire from “{node}”", { node: labelOf(node) }) : t("Wire to “{node}”", { node: labelOf(node) }));
  return (
    <>
      <div className="p-hidden" aria-live="assertive">{text}</div>
      <div className={classes.hint} data-refused={why ? true : undefined} style={{ left: point.x + 14, top: point.y + 16 }} aria-hidden>{text}</div>
    </>
  );
}

/** On the body of a tile the wire takes whatever input is right. */
function bodyRefusal(from: { node: string; backwards: boolean }, node: string, port: string | null): string | null {
  const desk = deskNow();
  if (!desk || port !== null) return null;
  return (from.backwards ? judge(modelOf(desk), desk.ports, node, from.node) : judge(modelOf(desk), desk.ports, from.node, node)).why ?? null;
}
