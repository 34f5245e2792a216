import type { Diagnostic, RunSummary } from "../../api/types";
import { isFinal } from "../../api/runs";
import { t } from "../../i18n";
import { DeadLetters } from "../../panels/dead/DeadLetters";
import { diagnosticsOf, useEditor } from "../../panels/document/editor";
import { EventsPanel } from "../../panels/events/EventsPanel";
import { LogPanel } from "../../panels/log/LogPanel";
import { useFigures } from "../../panels/run/figures";
import { PreviewPanel } from "../../panels/preview/PreviewPanel";
import { ModelPanel } from "../../panels/run/ModelPanel";
import { NodesTable } from "../../panels/run/NodesTable";
import { Overview } from "../../panels/run/Overview";
import { Problems } from "../../panels/problems/Problems";
import { VerifyPanel } from "../../panels/run/VerifyPanel";
import { StatePanel } from "../../panels/state/StatePanel";
import { TestsPanel, useTestActions } from "../../panels/tests/TestsPanel";
import { WhyPanel } from "../../panels/why/WhyPanel";
import { type Tab, Tabs } from "./Tabs";
import type { View } from "./Workbench";

interface BelowProps {
  view: View;
  run: RunSummary | null;
  canRun: boolean;
  canEdit: boolean;
  slug: string;
  project: string;
}

/** What the run does: figures over time, models, nodes, events, log, state, dead letters, verification; and the document's problems. */
export function Below({ view, run, canRun, canEdit, slug, project }: BelowProps) {
  const diagnostics = useEditor(diagnosticsOf);
  const errors = diagnostics.filter((each) => each.severity === "error").length;
  const letters = useFigures((state) => state.snapshot?.dead_letters ?? null);
  const id = run?.id ?? null;
  useTestActions(project, canEdit, view.show);
  const toLine = (each: Diagnostic) => view.reveal({ line: each.line ?? 1, column: each.column ?? 1 });
  const tabs: Tab[] = [
    { id: "preview", label: t("Preview"), content: () => <PreviewPanel project={project} node={view.node} run={id} canEdit={canEdit} onNode={view.focus} /> },
    { id: "tests", label: t("Tests"), content: () => <TestsPanel project={project} node={view.node} canEdit={canEdit} onNode={view.focus} /> },
    { id: "overview", label: t("Overview"), content: () => <Overview run={run} /> },
    { id: "model", label: t("Model"), content: () => <ModelPanel run={run} slug={slug} project={project} onSelect={view.select} /> },
    { id: "nodes", label: t("Nodes"), content: () => <NodesTable onSelect={view.select} /> },
    { id: "state", label: t("State"), content: () => <StatePanel run={run} canRun={canRun} canEdit={canEdit} onRun={view.showRun} onSelect={view.select} /> },
    { id: "problems", label: t("Problems"), count: diagnostics.length, tone: errors ? "bad" : "warning", content: () => <Problems canEdit={canEdit} onNode={view.focus} onLine={toLine} /> },
    { id: "why", label: t("Why no output?"), content: () => <WhyPanel run={run} onPlace={view.focus} /> },
    { id: "events", label: t("Events"), content: () => <EventsPanel run={id} onSelect={view.select} /> },
    { id: "log", label: t("Log"), content: () => <LogPanel run={id} active={run !== null && !isFinal(run.status)} onSelect={view.select} /> },
    { id: "dead", label: t("Dead letters"), count: letters, tone: "warning", content: () => <DeadLetters key={id} run={id} count={letters} onSelect={view.select} /> },
    { id: "verify", label: t("Verify"), content: () => <VerifyPanel run={run} canRun={canRun} onSelect={view.select} /> },
  ];
  return <Tabs label={t("Run")} tabs={tabs} value={view.below || (run ? "overview" : "preview")} onChange={view.show} />;
}
