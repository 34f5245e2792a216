import { useMemo } from "react";

import { countChanges, hunks, lineDiff } from "../../document/diff";
import { changesBetween, describe } from "../../document/changes";
import { readModel } from "../../document/model";
import { about, listed, plural, t } from "../../i18n";
import classes from "./code.module.css";

interface DiffProps {
  before: string;
  after: string;
  /** What the two are: "revision 3", "your text". */
  names: readonly [string, string];
  height?: number | string;
}

const NAMED = 12;

/** What a difference means for the pipeline. */
function inWords(before: string, after: string): string {
  if (readModel(before).problems.length || readModel(after).problems.length) return t("One of them is not YAML.");
  const changes = changesBetween(before, after);
  if (!changes.length) return t("Nothing in what it does.");
  return listed([...changes.slice(0, NAMED).map(describe), ...(changes.length > NAMED ? ["…"] : [])], ";");
}

const SIGN = { same: " ", added: "+", removed: "-" } as const;

/** Two documents, line by line, with what the difference means. */
export function Diff({ before, after, names, height = "100%" }: DiffProps) {
  const lines = useMemo(() => lineDiff(before, after), [before, after]);
  const { added, removed } = countChanges(lines);
  const meaning = useMemo(() => inWords(before, after), [before, after]);
  if (!added && !removed) return <p className="p-muted" style={{ padding: "0 12px" }}>{t("{a} and {b} are the same.", { a: names[0], b: names[1] })}</p>;
  return (
    <figure className={classes.diff} style={{ height }} aria-label={t("From {before} to {after}", { before: names[0], after: names[1] })} tabIndex={0}>
      <figcaption style={{ padding: "6px 12px", fontFamily: "var(--mantine-font-family)" }}>
        {about(t("From {before} to {after}", { before: names[0], after: names[1] }), listed([plural(added, "{count} line more", "{count} lines more"), plural(removed, "{count} less", "{count} less")]))}{" · "}
        <span className="p-muted">{meaning}</span>
      </figcaption>
      <table>
        <tbody>
          {hunks(lines).map((line, i) => line === null ? (
            <tr key={i} className={classes.gap}><td colSpan={4}>…</td></tr>
          ) : (
            <tr key={i} className={line.kind === "same" ? undefined : classes[line.kind]}>
              <td className={classes.no}>{line.before ?? ""}</td>
              <td className={classes.no}>{line.after ?? ""}</td>
              <td className={classes.sign}>{SIGN[line.kind]}</td>
              <td>{line.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
