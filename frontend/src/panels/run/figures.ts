/** What nodes do right now, from two successive snapshots of their job. One computation for all nodes, once a snapshot. */

import { create } from "zustand";

import { useLive } from "../../api/live";
import type { ModelVersion, Snapshot, SnapshotNode, SnapshotOperator } from "../../api/types";
import { lagOf } from "./lag";

/** Rates in rows a second; `lag` in seconds of event time behind the clock (`replayed`: behind the job's newest watermark); null: not known (yet). */
export interface NodeFigures {
  rowsIn: number | null;
  rowsOut: number | null;
  inRate: number | null;
  outRate: number | null;
  /** Microseconds of event time. */
  watermark: number | null;
  lag: number | null;
  replayed: boolean;
  late: number | null;
  deadLetters: number | null;
  stateBytes: number | null;
  /** Share of the time it works, 0 to 1. */
  busy: number | null;
  /** Share of the time it waits for those behind it, 0 to 1. */
  waits: number | null;
  /** Seconds until a sink has written what came in: of the slowest hundredth. */
  latency: number | null;
  fusedInto: string | null;
  /** Share of look-ups that found something, since the start. */
  hitRate: number | null;
  /** The newest row of a metric sink. */
  metrics: Readonly<Record<string, unknown>> | null;
}

export type Figures = Readonly<Record<string, NodeFigures>>;

/** Figures of each node. `before`: an earlier snapshot; rates are known if both are of one process. */
export function figuresOf(before: Snapshot | null, now: Snapshot): Figures {
  const told = factsOf(now);
  const then = before && oneProcess(before, now) ? factsOf(before) : {};
  const elapsed = (now.at ?? 0) - (before?.at ?? 0);
  const shards = new Set((now.operators ?? []).map((operator) => operator.shard ?? 0)).size || 1;
  const metrics = (now.metrics ?? {}) as Record<string, Record<string, unknown>>;
  const names = new Set([...Object.keys(told), ...Object.keys(metrics)]);
  const newest = Math.max(...Object.values(told).map((node) => node.watermark ?? -Infinity)) / 1e6;
  const span = { elapsed, shards, at: now.at ?? null, newest };
  return Object.fromEntries([...names].map((node) => [node, figures(then[node], told[node] ?? {}, span, metrics[node] ?? null)]));
}

/** Seconds between two snapshots, threads of the job, the time of the newer one and its newest watermark. */
interface Span {
  elapsed: number;
  shards: number;
  at: number | null;
  newest: number;
}

function figures(then: SnapshotNode | undefined, now: SnapshotNode, { elapsed, shards, at, newest }: Span, metrics: Record<string, unknown> | null): NodeFigures {
  const grown = (name: "rows_in" | "rows_out" | "busy_seconds" | "backpressured_seconds") => rate(then?.[name], now[name], elapsed);
  const busy = share(grown("busy_seconds"), shards);
  const waits = share(grown("backpressured_seconds"), shards);
  const answered = now.lookup?.answered ?? 0;
  const lag = now.watermark == null || at === null ? null : lagOf(at - now.watermark / 1e6, at - newest);
  return {
    rowsIn: now.rows_in ?? null,
    rowsOut: now.rows_out ?? null,
    inRate: grown("rows_in"),
    outRate: grown("rows_out"),
    watermark: now.watermark ?? null,
    lag: lag && Math.round(lag.seconds),
    replayed: lag?.replayed ?? false,
    late: now.late ?? null,
    deadLetters: now.dead_letters ?? null,
    stateBytes: now.state_bytes ?? null,
    busy,
    waits: waits === null ? null : Math.min(1 - (busy ?? 0), waits),
    latency: now.latency ? now.latency.p99_ms / 1000 : null,
    fusedInto: now.fused_into ?? null,
    hitRate: answered ? (now.lookup?.found ?? 0) / answered : null,
    metrics,
  };
}

const share = (seconds: number | null, shards: number): number | null => (seconds === null ? null : Math.min(1, seconds / shards));

function rate(then: number | null | undefined, now: number | null | undefined, elapsed: number): number | null {
  if (then == null || now == null || now < then || elapsed <= 0) return null;
  return (now - then) / elapsed;
}

function oneProcess(before: Snapshot, now: Snapshot): boolean {
  return before.pid === now.pid && before.attempts === now.attempts && before.started === now.started;
}

/** What the job says of its nodes, else what its operators do. */
function factsOf(snapshot: Snapshot): Readonly<Record<string, SnapshotNode>> {
  return snapshot.nodes ?? fromOperators(snapshot.operators ?? []);
}

/** A node's rows in are those of its first operator, its rows out those of its last; shards add up. */
function fromOperators(operators: readonly SnapshotOperator[]): Record<string, SnapshotNode> {
  const ends = new Map<string, [string, string]>();
  for (const operator of operators) {
    for (const node of operator.nodes ?? []) ends.set(node, [ends.get(node)?.[0] ?? operator.name, operator.name]);
  }
  const found: Record<string, SnapshotNode> = {};
  for (const operator of operators) {
    for (const node of operator.nodes ?? []) {
      const facts = (found[node] ??= { rows_in: 0, rows_out: 0, late: 0, watermark: null });
      const [first, last] = ends.get(node) ?? ["", ""];
      if (operator.name === first) facts.rows_in = (facts.rows_in ?? 0) + (operator.rows_in ?? 0);
      if (operator.name === last) facts.rows_out = (facts.rows_out ?? 0) + (operator.rows_out ?? 0);
      facts.late = (facts.late ?? 0) + (operator.late ?? 0);
      if (operator.watermark != null) facts.watermark = Math.min(facts.watermark ?? Infinity, operator.watermark);
    }
  }
  return found;
}

interface FigureStore {
  run: number | null;
  snapshot: Snapshot | null;
  nodes: Figures;
  /** The newest version of each node's model that this run has told. */
  models: Readonly<Record<string, ModelVersion>>;
  /** Whether the run is over: nothing flows, whatever its last snapshots say. */
  over: boolean;
  /** The node that makes the others wait, where some do. */
  slowest: string | null;
}

const HELD_BACK = 0.5;
const BUSY = 0.1;

/** The root of back-pressure: where some node waits most of the time for those behind it, the one that works most. */
export function slowestOf(nodes: Figures): string | null {
  const all = Object.entries(nodes);
  if (!all.some(([, each]) => (each.waits ?? 0) >= HELD_BACK)) return null;
  const [node, busiest] = all.reduce((a, b) => ((b[1].busy ?? 0) > (a[1].busy ?? 0) ? b : a));
  return (busiest.busy ?? 0) >= BUSY ? node : null;
}

/** The newest figures of the run that is shown. */
export const useFigures = create<FigureStore>(() => ({ run: null, snapshot: null, nodes: {}, models: {}, over: false, slowest: null }));

const MEASURES = ["auc", "logloss", "calibration"] as const;

/** The node of a model that a stream names "pipeline.node" or "pipeline.node[key]". */
export function nodeOfModel(name: string): string {
  return name.slice(name.indexOf(".") + 1).replace(/\[.*$/, "");
}

/** Takes versions that were told since, and makes what they say points of their nodes, as kept history has it. */
function takeModels(run: number, before: Readonly<Record<string, ModelVersion>>, now: Readonly<Record<string, ModelVersion>>): void {
  const told = Object.entries(now).filter(([name, facts]) => before[name] !== facts);
  if (!told.length) return;
  const at = Date.now() / 1000;
  useFigures.setState(({ models }) => ({ models: { ...models, ...Object.fromEntries(told.map(([name, facts]) => [nodeOfModel(name), facts])) } }));
  const data = told.flatMap(([name, facts]) => MEASURES.map((measure) => ({ node: nodeOfModel(name), name: measure, at, value: facts[measure] ?? null })));
  useLive.getState().receive([{ event: "points", data, run }]);
}

/** Takes a snapshot of the run that is followed, if it is newer than the last. */
export function takeSnapshot(run: number, snapshot: Snapshot | null | undefined): void {
  const last = useFigures.getState();
  if (!snapshot || last.run !== run || (last.snapshot?.at ?? -Infinity) >= (snapshot.at ?? 0)) return;
  const nodes = settled(last.nodes, figuresOf(last.over ? null : last.snapshot, snapshot));
  useFigures.setState({ snapshot, nodes, slowest: slowestOf(nodes) });
}

/** Says whether the run that is followed is over: then there are totals, and no rates. */
export function setOver(over: boolean): void {
  const { snapshot, nodes } = useFigures.getState();
  const totals = over && snapshot ? figuresOf(null, snapshot) : nodes;
  useFigures.setState({ over, nodes: totals, slowest: slowestOf(totals) });
}

/** Keeps the figures current with the snapshots of a run; ends with the returned function. */
export function followFigures(run: number): () => void {
  useFigures.setState({ run, snapshot: null, nodes: {}, models: {}, slowest: null });
  takeSnapshot(run, useLive.getState().snapshots[run]);
  return useLive.subscribe((state, before) => {
    takeSnapshot(run, state.snapshots[run]);
    if (state.models !== before.models) takeModels(run, before.models, state.models);
  });
}

/** The same objects for nodes whose figures are the same, so that only tiles that change are drawn anew. */
function settled(before: Figures, now: Figures): Figures {
  return Object.fromEntries(Object.entries(now).map(([node, each]) => {
    const old = before[node];
    return [node, old && isSame(old, each) ? old : each];
  }));
}

function isSame(a: NodeFigures, b: NodeFigures): boolean {
  return Object.keys(b).every((name) => {
    const [was, is] = [a[name as keyof NodeFigures], b[name as keyof NodeFigures]];
    return was === is || (name === "metrics" && JSON.stringify(was) === JSON.stringify(is));
  });
}

/** A node's figures; null while nothing is known of it. */
export function useNodeFigures(node: string): NodeFigures | null {
  return useFigures((state) => state.nodes[node] ?? null);
}
