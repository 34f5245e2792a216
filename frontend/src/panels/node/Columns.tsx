import { IconClock, IconKey } from "@tabler/icons-react";
import { useState } from "react";

import type { NodeSchema } from "../../api/types";
import { useEditor } from "../document/editor";
import panels from "../run/panels.module.css";
import { type Lineage, originsOf, path } from "./lineage";
import classes from "./node.module.css";

interface ColumnsProps {
  node: string;
  onSelect: (node: string) => void;
}

/** The columns that a node gives. A click on one tells what it is made of. */
export function Columns({ node, onSelect }: ColumnsProps) {
  const compiled = useEditor((state) => state.good);
  const [open, setOpen] = useState<string | null>(null);
  const schema = compiled?.nodes[node];
  return (
    <section className={classes.section}>
      <h3>Columns out{schema ? ` (${schema.columns.length})` : ""}</h3>
      {schema ? <Facts schema={schema} /> : <p className="p-muted" style={{ margin: 0 }}>Known once the document compiles, if the node gives rows.</p>}
      <table className={classes.columns}>
        <tbody>
          {schema?.columns.map((column) => (
            <tr key={column.name}>
              <td style={{ width: "45%" }}>
                <button type="button" className={panels.link} aria-expanded={open === column.name} onClick={() => setOpen(open === column.name ? null : column.name)}
                  title={`${column.name}: where it comes from`}>
                  {column.name}
                </button>{" "}
                {schema.key?.includes(column.name) ? <IconKey size={12} aria-label="part of the key" /> : null}
                {column.time ? <IconClock size={12} aria-label={`time attribute: ${String(column.time)}`} /> : null}
                {open === column.name ? <Origins lineage={(compiled?.lineage ?? {}) as Lineage} node={node} column={column.name} onSelect={onSelect} /> : null}
              </td>
              <td className={classes.type}>{column.type}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Facts({ schema }: { schema: NodeSchema }) {
  const changes = schema.changelog === "I" ? "rows are only added" : `changes: ${schema.changelog ?? "unknown"}`;
  return (
    <p className="p-muted" style={{ margin: "0 0 4px" }}>
      {schema.time ? `event time ${schema.time}` : "no event time"}, {schema.key?.length ? `key ${schema.key.join(", ")}` : "no key"}, {changes}
    </p>
  );
}

function Origins({ lineage, node, column, onSelect }: ColumnsProps & { lineage: Lineage; column: string }) {
  const found = path(originsOf(lineage, node, column));
  if (!found.length) return <div className="p-muted">It begins here.</div>;
  return (
    <ul className={classes.lineage} aria-label={`What ${column} is made of`}>
      {found.map((each) => (
        <li key={`${each.node}.${each.column}`} style={{ paddingLeft: Math.min(each.depth, 8) * 8 }}>
          <button type="button" className={panels.link} onClick={() => onSelect(each.node)}>{each.node}</button>.{each.column}
        </li>
      ))}
    </ul>
  );
}
