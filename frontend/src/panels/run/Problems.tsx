import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";

import type { Diagnostic } from "../../api/types";
import { Empty } from "../../design";
import { diagnosticsOf, useEditor } from "../document/editor";
import classes from "./panels.module.css";

/** All that the compiler says of the document; a click leads to node and property. */
export function Problems({ onShow }: { onShow: (diagnostic: Diagnostic) => void }) {
  const diagnostics = useEditor(diagnosticsOf);
  const checked = useEditor((state) => state.compiled !== null);
  if (!checked) return <Empty title="Checking">The document is being compiled.</Empty>;
  if (!diagnostics.length) return <Empty title="No problems">The document compiles, and nothing about it looks odd.</Empty>;
  return (
    <ol className={classes.scroll} style={{ margin: 0, padding: 0, listStyle: "none" }} aria-label="Problems">
      {diagnostics.map((each, i) => {
        const Icon = each.severity === "error" ? IconCircleX : IconAlertTriangle;
        const where = [[each.node, each.property].filter(Boolean).join("."), each.line ? `line ${each.line}` : ""].filter(Boolean).join(", ");
        return (
          <li key={i} className={classes.event}>
            <Icon size={15} style={{ flex: "none", alignSelf: "center" }} color={`var(--p-${each.severity === "error" ? "bad" : "warning"}-text)`} aria-label={each.severity} />
            <button type="button" className={classes.link} style={{ flex: "none", width: "16em" }} onClick={() => onShow(each)}>{where || "document"}</button>
            <span style={{ minWidth: 0 }}>{each.message} {each.hint ? <span className="p-muted">{each.hint}</span> : null}</span>
            <code className="p-muted" style={{ marginLeft: "auto" }}>{each.code}</code>
          </li>
        );
      })}
    </ol>
  );
}
