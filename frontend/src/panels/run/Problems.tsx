import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";

import type { Diagnostic } from "../../api/types";
import { Empty } from "../../design";
import { diagnosticsOf, useEditor } from "../document/editor";
import classes from "./panels.module.css";

interface ProblemsProps {
  onNode: (node: string, property: string | null) => void;
  onLine: (diagnostic: Diagnostic) => void;
}

/** All that the compiler says of the document; a click leads to node and property, or to the line. */
export function Problems({ onNode, onLine }: ProblemsProps) {
  const diagnostics = useEditor(diagnosticsOf);
  const checked = useEditor((state) => state.compiled !== null);
  if (!checked) return <Empty title="Checking">The document is being compiled.</Empty>;
  if (!diagnostics.length) return <Empty title="No problems">The document compiles, and nothing about it looks odd.</Empty>;
  return (
    <ol className={classes.scroll} style={{ margin: 0, padding: 0, listStyle: "none" }} aria-label="Problems">
      {diagnostics.map((each, i) => {
        const Icon = each.severity === "error" ? IconCircleX : IconAlertTriangle;
        const { node, property } = each;
        return (
          <li key={i} className={classes.event}>
            <Icon size={15} style={{ flex: "none", alignSelf: "center" }} color={`var(--p-${each.severity === "error" ? "bad" : "warning"}-text)`} aria-label={each.severity} />
            <span style={{ flex: "none", width: "18em", overflowWrap: "anywhere" }}>
              {node ? <><button type="button" className={classes.link} onClick={() => onNode(node, property)}>{property ? `${node}.${property}` : node}</button>, </> : null}
              <button type="button" className={classes.link} onClick={() => onLine(each)}>{each.line ? `line ${each.line}` : "document"}</button>
            </span>
            <span style={{ minWidth: 0 }}>{each.message} {each.hint ? <span className="p-muted">{each.hint}</span> : null}</span>
            <code className="p-muted" style={{ marginLeft: "auto" }}>{each.code}</code>
          </li>
        );
      })}
    </ol>
  );
}
