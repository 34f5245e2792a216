import { Tag } from "../../design";
import type { TestLine, TestedNode } from "../../api/testing";
import { plural, t } from "../../i18n";
import classes from "./tests.module.css";

const STATUS = {
  same: { sign: "=", tone: "neutral" },
  differs: { sign: "≠", tone: "warning" },
  missing: { sign: "−", tone: "bad" },
  unexpected: { sign: "+", tone: "bad" },
} as const;

const words = (status: TestLine["status"]) =>
  ({ same: t("as expected"), differs: t("differs"), missing: t("missing"), unexpected: t("not expected") })[status];

/** A node's rows beside the expected ones: a row for each, and a second one below where cells differ. */
export function Lines({ node }: { node: TestedNode }) {
  const hidden = node.rows - node.lines.length;
  return (
    <section className={classes.compared} aria-label={t("Rows of {node} beside the expected ones", { node: node.node })}>
      <header className={classes.head}>
        <h4>{node.node}</h4>
        <Counts lines={node.lines} />
      </header>
      {node.lines.length ? (
        <div className={classes.scroll}>
          <table className={classes.grid}>
            <thead>
              <tr><th scope="col">{t("Result")}</th>{node.columns.map((name) => <th key={name} scope="col">{name}</th>)}</tr>
            </thead>
            <tbody>{node.lines.map((line, at) => <Line key={at} line={line} columns={node.columns} />)}</tbody>
          </table>
        </div>
      ) : <p className={classes.quiet}>{t("No rows were expected, and none came.")}</p>}
      {hidden > 0 ? <p className={classes.quiet}>{plural(hidden, "{count} more row is not shown", "{count} more rows are not shown")}</p> : null}
    </section>
  );
}

function Counts({ lines }: { lines: readonly TestLine[] }) {
  const statuses = (["differs", "missing", "unexpected", "same"] as const).map((status) => ({ status, count: lines.filter((line) => line.status === status).length }));
  return <>{statuses.filter(({ count }) => count).map(({ status, count }) => <Tag key={status} tone={STATUS[status].tone}>{`${count} ${words(status)}`}</Tag>)}</>;
}

function Line({ line, columns }: { line: TestLine; columns: readonly string[] }) {
  const expected = line.expected as Record<string, unknown> | null;
  const found = line.found as Record<string, unknown> | null;
  const row = found ?? expected ?? {};
  return (
    <tr data-status={line.status}>
      <th scope="row"><span aria-hidden>{STATUS[line.status].sign}</span> {words(line.status)}</th>
      {columns.map((name) => (line.cells.includes(name) ? (
        <td key={name} data-differs>
          <del aria-label={t("expected {value}", { value: shown(expected?.[name]) })}>{shown(expected?.[name])}</del>{" "}
          <ins aria-label={t("found {value}", { value: shown(found?.[name]) })}>{shown(found?.[name])}</ins>
        </td>
      ) : <td key={name}>{shown(row[name])}</td>))}
    </tr>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
