import { useCallback, useEffect, useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { useActionContext, useActions } from "../../actions";
import { covers, useRun, useRunDetail, useStopRun, useStream } from "../../api";
import { isFinal } from "../../api/runs";
import type { PipelineDetail, Role, RunSummary } from "../../api/types";
import { ErrorNote, useStable } from "../../design";
import { t } from "../../i18n";
import { Canvas } from "../../panels/canvas/Canvas";
import type { Failure } from "../../panels/canvas/graph";
import { ConflictDialog } from "../../panels/document/ConflictDialog";
import type { Reveal } from "../../panels/document/DocumentPanel";
import { useTyping } from "../../panels/document/typing";
import { EditorProvider, isDirty, isOvertaken, useEditor, useEditorStore } from "../../panels/document/editor";
import { pathOf, pathText, useInside } from "../../panels/document/inside";
import { useChecks, useFollowing, useSaving } from "../../panels/document/keeping";
import { KeepingStatus } from "../../panels/document/KeepingStatus";
import { PipelineMenu } from "../../panels/pipelines/PipelineMenu";
import { Banner } from "../../panels/run/Banner";
import { followFigures, setOver, takeSnapshot } from "../../panels/run/figures";
import { useKept } from "../../panels/run/kept";
import { RunBar } from "../../panels/run/RunBar";
import { PIPELINE_ACTIONS, type PipelineContext } from "./actions";
import { Below } from "./Below";
import classes from "./page.module.css";
import { Side } from "./Side";
import { Split } from "./Split";
import { Steps } from "./Steps";

const SIDE = new Set(["node", "sql", "document", "revisions"]);

/** What is selected and open is in the URL, so that a link leads to it. */
export interface View {
  node: string | null;
  property: string | null;
  /** Nodes of components that one is inside of; null: the pipeline itself. `node` is then one there. */
  inside: string | null;
  run: number | null;
  side: string;
  below: string;
  select: (node: string | null) => void;
  show: (tab: string) => void;
  showRun: (run: number | null) => void;
  /** Selects a node and one of its properties, where it is looked at. */
  point: (node: string, property: string | null) => void;
  /** Selects a node and shows one of its properties. */
  focus: (node: string | null, property: string | null, inside?: string | null) => void;
  /** Goes into what is at the end of this way of nodes, the pipeline itself where it is empty; there to a node. */
  enter: (path: readonly string[], node: string | null) => void;
  /** Opens the document at a place; a node's place selects it too. */
  reveal: (place: Reveal) => void;
  revealed: Reveal | null;
}

function useView(): View {
  const [query, setQuery] = useSearchParams();
  const [keptSide, keepSide] = useKept<string>("tab.side", "node");
  const [keptBelow, keepBelow] = useKept<string>("tab.below", "");
  const [revealed, setRevealed] = useState<Reveal | null>(null);
  const asked = query.get("tab");
  const change = useStable((changes: Record<string, string | null>, replace?: boolean) => {
    setQuery((before) => {
      const next = new URLSearchParams(before);
      for (const [name, value] of Object.entries(changes)) if (value === null) next.delete(name); else next.set(name, value);
      return next;
    }, { replace: replace ?? true });
  });
  /** The tab that the URL asked for stays open on its side as another one is. */
  const keep = (tab: string) => {
    for (const each of [asked, tab]) if (each) (SIDE.has(each) ? keepSide : keepBelow)(each);
  };
  const show = useStable((tab: string) => {
    keep(tab);
    change({ tab: null });
  });
  const select = useCallback((node: string | null) => change({ node, property: null }), [change]);
  const point = useCallback((node: string, property: string | null) => change({ node, property }), [change]);
  const showRun = useCallback((run: number | null) => change({ run: run === null ? null : String(run) }), [change]);
  const focus = useStable((node: string | null, property: string | null, inside: string | null = null) => {
    keep("node");
    change({ tab: null, node, property, inside });
  });
  const enter = useStable((path: readonly string[], node: string | null) => change({ inside: pathText(path), node, property: null }, false));
  const reveal = useStable((place: Reveal) => {
    setRevealed({ ...place });
    keep("document");
    change({ tab: null, ...(place.node ? { node: place.node, property: place.property ?? null, inside: null } : {}) });
  });
  return {
    node: query.get("node"),
    property: query.get("property"),
    inside: query.get("inside"),
    run: Number(query.get("run")) || null,
    side: asked && SIDE.has(asked) ? asked : keptSide,
    below: asked && !SIDE.has(asked) ? asked : keptBelow,
    select, show, showRun, point, focus, enter, reveal, revealed,
  };
}

/** The run that the page shows: the one that was asked for, else the pipeline's newest. */
function useShownRun(detail: PipelineDetail, view: View): { run: RunSummary | null; detail: ReturnType<typeof useRunDetail>["data"] | null; error: unknown } {
  const id = view.run ?? detail.run?.id ?? null;
  const { data, error } = useRunDetail(id);
  const run = useRun(id, data ?? (detail.run?.id === id ? detail.run : null));
  useStream(id === null ? { pipeline: detail.id } : { run: id });
  const fetched = data?.snapshot ?? null;
  useEffect(() => (id === null ? undefined : followFigures(id)), [id]);
  useEffect(() => (id === null ? undefined : takeSnapshot(id, fetched)), [id, fetched]);
  const over = run !== null && isFinal(run.status);
  useEffect(() => setOver(over), [over]);
  return { run, detail: data ?? null, error };
}

/** The whole page of a pipeline: canvas, side panel, live panels below. */
export function Workbench({ detail, role }: { detail: PipelineDetail; role: Role | null }) {
  const view = useView();
  const [starting, setStarting] = useState(false);
  const canEdit = covers(role, "editor") && !detail.archived;
  const canRun = covers(role, "operator") && !detail.archived;
  const { run, detail: runDetail, error } = useShownRun(detail, view);
  useChecks();
  useFollowing();
  const overtaken = useEditor(isOvertaken);
  usePipelineActions({ canEdit, canRun, run, view, onNew: () => setStarting(true) });
  const failure = useFailure(run);
  const editor = useEditorStore();
  const inner = useInside(view.inside);
  const onProperty = useStable((node: string, property: string | null) => view.focus(node, property, inner ? view.inside : null));
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <h1 title={`${detail.project}/${detail.slug}`}>{detail.title || detail.slug}</h1>
        <PipelineMenu pipeline={detail} />
        <KeepingStatus />
        <RunBar run={run} detail={runDetail ?? null} canRun={canRun} onRun={view.showRun} starting={starting} onStarting={setStarting} />
      </header>
      <Steps detail={detail} run={run} onNode={() => view.show("preview")} onStart={() => setStarting(true)} onModel={() => view.show("model")} />
      <Banner run={run} onShow={view.focus} onWhy={() => view.show("why")} />
      {error ? <div style={{ padding: 8 }}><ErrorNote error={error} /> <Link to="?">{t("Show the newest run")}</Link></div> : null}
      <div className={classes.main}>
        <Split name="below" side="below" label={t("Height of the panels below")} initial={280} least={80} leave={180}>
          <Split name="side" side="right" label={t("Width of the side panel")} initial={380} least={260} leave={360}>
            <EditorProvider value={inner ?? editor}>
              <Canvas key={inner ? view.inside : ""} selected={view.node} onSelect={view.select} onProperty={onProperty} onEnter={view.enter}
                failure={inner ? null : failure} canEdit={canEdit} />
            </EditorProvider>
            <Side view={inner ? outside(view) : view} inner={inner ? { editor: inner, view } : null} run={run} canEdit={canEdit} overtaken={overtaken} />
          </Split>
          <Below view={inner ? outside(view) : view} run={run} canRun={canRun} canEdit={canEdit} slug={detail.slug} project={detail.project} />
        </Split>
      </div>
      <ConflictDialog detail={detail} />
    </div>
  );
}

/** What panels show of the pipeline itself while one is inside of a component: the node of that; who selects another one is out again. */
function outside(view: View): View {
  const out = (node: string | null) => view.enter([], node);
  return { ...view, node: pathOf(view.inside)[0] ?? null, property: null, select: out, point: out };
}

/** The node that the run failed at, and why; the same object as long as it is the same failure. */
function useFailure(run: RunSummary | null): Failure | null {
  const reason = run?.status === "RUNNING" ? null : run?.reason;
  const node = reason?.node ?? null;
  const message = reason?.message ?? "";
  return useMemo(() => (node ? { node, message } : null), [node, message]);
}

interface Acting {
  canEdit: boolean;
  canRun: boolean;
  run: RunSummary | null;
  view: View;
  onNew: () => void;
}

function usePipelineActions({ canEdit, canRun, run, view, onNew }: Acting): void {
  const editor = useEditorStore();
  const isTyping = useTyping((typing) => typing.held.size > 0);
  const dirty = useEditor(isDirty) || isTyping;
  const canUndo = useEditor((state) => state.history.past.length > 0);
  const canRedo = useEditor((state) => state.history.future.length > 0);
  const saving = useSaving();
  const stopping = useStopRun();
  const active = run !== null && !isFinal(run.status);
  const save = useStable(() => saving.mutate(undefined));
  const stop = useStable(() => run && stopping.mutate(run.id));
  const newRun = useStable(onNew);
  const { show } = view;
  const context = useMemo((): PipelineContext => ({
    canEdit, canRun, dirty, canUndo, canRedo, active, save, stop, newRun, show, undo: () => editor.getState().undo(), redo: () => editor.getState().redo(),
  }), [canEdit, canRun, dirty, canUndo, canRedo, active, save, stop, newRun, show, editor]);
  useActions(PIPELINE_ACTIONS);
  useActionContext("pipeline", context);
}
