import { SegmentedControl } from "@mantine/core";
import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";
import { useState } from "react";

import type { Diagnostic } from "../../api/types";
import { Empty } from "../../design";
import { listed, plural, said, t } from "../../i18n";
import { diagnosticsOf, useEditor } from "../document/editor";
import { pathText, placeInside } from "../document/inside";
import panels from "../run/panels.module.css";
import { Fixes } from "./Fixes";
import { isCurrent } from "./fixing";
import classes from "./problems.module.css";

interface ProblemsProps {
  canEdit?: boolean;
  /** `inside`: the way of nodes that leads into a component; `node` is then one there. */
  onNode: (node: string | null, property: string | null, inside?: string | null) => void;
  onLine: (diagnostic: Diagnostic) => void;
}

const ALL = "all";
const ERRORS = "errors";

/** All that the compiler says of the document; a click leads to node and property, or to the line; what mends it is one click away. */
export function Problems({ canEdit = true, onNode, onLine }: ProblemsProps) {
  const diagnostics = useEditor(diagnosticsOf);
  const checked = useEditor((state) => state.compiled !== null);
  const current = useEditor(isCurrent);
  const [which, setWhich] = useState(ALL);
  if (!checked) return <Empty title={t("Checking")}>{t("The document is being compiled.")}</Empty>;
  if (!diagnostics.length) return <Empty title={t("No problems")}>{t("The document compiles, and nothing about it looks odd.")}</Empty>;
  const errors = diagnostics.filter((each) => each.severity === "error");
  const found = which === ERRORS && errors.length ? errors : diagnostics;
  return (
    <div className={panels.column}>
      <div className={classes.bar}>
        <span>{listed([plural(errors.length, "{count} error", "{count} errors"), plural(diagnostics.length - errors.length, "{count} warning", "{count} warnings")])}</span>
        {errors.length && errors.length < diagnostics.length ? (
          <SegmentedControl aria-label={t("Which problems")} value={which} onChange={setWhich} data={[{ value: ALL, label: t("All") }, { value: ERRORS, label: t("Errors") }]} />
        ) : null}
        <span className="p-muted" aria-live="polite">{current ? "" : t("checking again")}</span>
      </div>
      <ol className={classes.list} aria-label={t("Problems")}>
        {found.map((each, i) => <Problem key={i} problem={each} all={found} canEdit={canEdit} onNode={onNode} onLine={onLine} />)}
      </ol>
    </div>
  );
}

interface ProblemProps extends ProblemsProps {
  problem: Diagnostic;
  all: readonly Diagnostic[];
}

function Problem({ problem, all, canEdit, onNode, onLine }: ProblemProps) {
  const Icon = problem.severity === "error" ? IconCircleX : IconAlertTriangle;
  const { node, property } = problem;
  const model = useEditor((state) => state.model);
  const place = placeInside(problem, model);
  return (
    <li className={classes.problem}>
      <Icon size={15} color={`var(--p-${problem.severity === "error" ? "bad" : "warning"}-text)`} aria-label={problem.severity === "error" ? t("error") : t("warning")} />
      <span className={classes.where}>
        {place ? <><button type="button" className={panels.link} onClick={() => onNode(place.node, null, pathText(place.path))}>{[...place.path, place.node ?? ""].filter(Boolean).join(" › ")}</button>, </>
          : node ? <><button type="button" className={panels.link} onClick={() => onNode(node, property)}>{property ? `${node}.${property}` : node}</button>, </> : null}
        <button type="button" className={panels.link} onClick={() => onLine(problem)}>{problem.line ? t("line {line}", { line: problem.line }) : t("document")}</button>
      </span>
      <div style={{ minWidth: 0, flex: 1 }}>
        {said(problem.message)} {problem.hint ? <span className="p-muted">{said(problem.hint)}</span> : null}
        {canEdit ? <Fixes diagnostic={problem} all={all} /> : null}
      </div>
      <code className="p-muted">{problem.code}</code>
    </li>
  );
}
