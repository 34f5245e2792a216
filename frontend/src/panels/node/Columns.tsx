import { IconClock, IconKey } from "@tabler/icons-react";
import { Fragment, useRef, useState } from "react";

import type { NodeSchema } from "../../api/types";
import { listed, t } from "../../i18n";
import { useEditor } from "../document/editor";
import panels from "../run/panels.module.css";
import { type Lineage, originsOf, path } from "./lineage";
import { schemasOf } from "./incoming";
import classes from "./node.module.css";
import { RenameColumn } from "./RenameColumn";

interface ColumnsProps {
  node: string;
  canEdit?: boolean;
  onSelect: (node: string) => void;
}

/** The columns that a node gives. A click on one tells what it is made of. */
export function Columns({ node, canEdit = false, onSelect }: ColumnsProps) {
  const compiled = useEditor((state) => state.good);
  const [open, setOpen] = useState<string | null>(null);
  const schema = useEditor(schemasOf)[node];
  const [said, setSaid] = useState<{ node: string; texts: readonly string[] } | null>(null);
  const status = useRef<HTMLDivElement>(null);
  const onRenamed = (to: string, problems: readonly string[]) => {
    setOpen(to);
    setSaid({ node, texts: [t("{column} is its name here and wherever it is read.", { column: to }), ...problems] });
    status.current?.focus(); // the field goes with the old name
  };
  return (
    <section className={classes.section}>
      <h3>{schema ? t("Columns out ({count})", { count: schema.columns.length }) : t("Columns out")}</h3>
      {schema ? <Facts schema={schema} /> : <p className="p-muted" style={{ margin: 0 }}>{t("Known once the node and those before it are right, if it gives rows.")}</p>}
      <div ref={status} role="status" tabIndex={-1} className="p-muted">{said?.node === node ? said.texts.map((each) => <div key={each}>{each}</div>) : null}</div>
      <table className={classes.columns}>
        <tbody>
          {schema?.columns.map((column) => (
            <Fragment key={column.name}>
              <tr>
                <td style={{ width: "45%" }}>
                  <button type="button" className={panels.link} aria-expanded={open === column.name} onClick={() => setOpen(open === column.name ? null : column.name)}
                    title={t("{column}: where it comes from", { column: column.name })}>
                    {column.name}
                  </button>{" "}
                  {schema.key?.includes(column.name) ? <IconKey size={12} aria-label={t("part of the key")} /> : null}
                  {column.time ? <IconClock size={12} aria-label={t("time attribute: {kind}", { kind: column.time })} /> : null}
                  {open === column.name ? <Origins lineage={(compiled?.lineage ?? {}) as Lineage} node={node} column={column.name} onSelect={onSelect} /> : null}
                </td>
                <td className={classes.type}>{column.type}</td>
              </tr>
              {open === column.name && canEdit ? <tr><td colSpan={2}><RenameColumn node={node} column={column.name} onRenamed={onRenamed} /></td></tr> : null}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Facts({ schema }: { schema: NodeSchema }) {
  const changes = schema.changelog === "I" ? t("rows are only added") : t("changes: {kinds}", { kinds: schema.changelog });
  return (
    <p className="p-muted" style={{ margin: "0 0 4px" }}>
      {listed([schema.time ? t("event time {column}", { column: schema.time }) : t("no event time"), schema.key?.length ? t("key {columns}", { columns: schema.key.join(", ") }) : t("no key"), changes])}
    </p>
  );
}

function Origins({ lineage, node, column, onSelect }: ColumnsProps & { lineage: Lineage; column: string }) {
  const found = path(originsOf(lineage, node, column));
  if (!found.length) return <div className="p-muted">{t("It begins here.")}</div>;
  return (
    <ul className={classes.lineage} aria-label={t("What {column} is made of", { column })}>
      {found.map((each) => (
        <li key={`${each.node}.${each.column}`} style={{ paddingLeft: Math.min(each.depth, 8) * 8 }}>
          <button type="button" className={panels.link} onClick={() => onSelect(each.node)}>{each.node}</button>.{each.column}
        </li>
      ))}
    </ul>
  );
}
