/** What the streams have told: one store for the page, filled by stream.ts, read by small selectors. */

import { create } from "zustand";

import { type Point, Ring } from "./ring";
import type { LogLine, ModelVersion, RunEvent, RunSummary, Snapshot } from "./types";

export const POINTS_KEPT = 900;
export const SUMMARIES_KEPT = 120;
export const EVENTS_KEPT = 500;
export const LOGS_KEPT = 5000;

/** One message of a stream: its scope's run where it is a run's stream. */
export interface Message {
  event: string;
  data: unknown;
  run: number | null;
}

export interface LivePoint {
  run?: number;
  node: string;
  name: string;
  at: number;
  value: number | null;
}

export interface LiveState {
  runs: Readonly<Record<number, RunSummary>>;
  snapshots: Readonly<Record<number, Snapshot>>;
  /** Series by `seriesKey`; the rings change in place, `ticks` says of which run one did. */
  rings: Map<string, Ring>;
  ticks: Readonly<Record<number, number>>;
  events: Readonly<Record<number, readonly RunEvent[]>>;
  logs: Readonly<Record<number, readonly LogLine[]>>;
  models: Readonly<Record<string, ModelVersion>>;
  /** Runs that were deleted while the page was open. */
  deleted: ReadonlySet<number>;
  receive: (messages: readonly Message[]) => void;
  clear: () => void;
}

/** The rate of rows that summaries of a run have told, as a series of points: for lists, which have no run's stream. */
export const SUMMARY_RATE = "summary_rows_in_rate";

export const seriesKey = (run: number, node: string, name: string): string => `${run}/${node}/${name}`;

type Kept = Omit<LiveState, "receive" | "clear">;
type Apply = (state: Kept, message: Message) => void;

const nothing = (): Kept => ({
  runs: {},
  snapshots: {},
  rings: new Map(),
  ticks: {},
  events: {},
  logs: {},
  models: {},
  deleted: new Set(),
});

const APPLY: Readonly<Record<string, Apply>> = {
  run: (state, { data }) => {
    const run = data as RunSummary;
    state.runs = { ...state.runs, [run.id]: run };
    ringOf(state, seriesKey(run.id, "", SUMMARY_RATE), SUMMARIES_KEPT).push(Date.now() / 1e3, run.rates.rows_in);
  },
  snapshot: (state, { data }) => {
    const { id, snapshot } = data as { id: number; snapshot: Snapshot | null };
    if (snapshot) state.snapshots = { ...state.snapshots, [id]: snapshot };
  },
  points: (state, { data, run }) => {
    for (const point of data as LivePoint[]) takePoint(state, point, point.run ?? run);
  },
  happened: (state, { data, run }) => {
    const event = data as RunEvent;
    const of = event.run ?? run;
    if (of === null) return;
    const before = state.events[of] ?? [];
    if (before.some((one) => one.id === event.id)) return;
    state.events = { ...state.events, [of]: [event, ...before].slice(0, EVENTS_KEPT) };
  },
  log: (state, { data, run }) => {
    const { lines, fresh } = data as { lines: LogLine[]; fresh?: boolean };
    if (run === null) return;
    const before = fresh ? [] : (state.logs[run] ?? []);
    state.logs = { ...state.logs, [run]: [...before, ...lines].slice(-LOGS_KEPT) };
  },
  model: (state, { data }) => {
    const { name, version, facts } = data as { name: string; version: number; facts: ModelVersion };
    state.models = { ...state.models, [name]: { ...facts, version } };
  },
  deleted: (state, { data }) => {
    const { id } = data as { id: number };
    state.runs = Object.fromEntries(Object.entries(state.runs).filter(([key]) => Number(key) !== id));
    state.deleted = new Set([...state.deleted, id]);
  },
};

function ringOf(state: Kept, key: string, kept = POINTS_KEPT): Ring {
  let ring = state.rings.get(key);
  if (!ring) state.rings.set(key, (ring = new Ring(kept)));
  return ring;
}

function takePoint(state: Kept, point: LivePoint, run: number | null) {
  if (run === null) return;
  if (ringOf(state, seriesKey(run, point.node, point.name)).push(point.at, point.value)) state.ticks = { ...state.ticks, [run]: (state.ticks[run] ?? 0) + 1 };
}

export const useLive = create<LiveState>((set, get) => ({
  ...nothing(),
  receive: (messages) => {
    const next = { ...get() };
    for (const message of messages) APPLY[message.event]?.(next, message);
    set(next);
  },
  clear: () => set(nothing()),
}));

/** What was fetched is news like what is streamed, unless the run changed while the answer was under way. */
export function toldRuns(runs: readonly (RunSummary | null)[]) {
  const { runs: told } = useLive.getState();
  const isNews = (run: RunSummary) => Date.parse(told[run.id]?.since ?? run.since) <= Date.parse(run.since);
  const known = runs.filter((run): run is RunSummary => run !== null && isNews(run));
  if (known.length > 0) useLive.getState().receive(known.map((data) => ({ event: "run", data, run: data.id })));
}

/** The newest word on a run: the stream's where it has spoken, else what was fetched. */
export function useRun(id: number | null | undefined, fetched: RunSummary | null = null): RunSummary | null {
  const live = useLive((state) => (id === null || id === undefined ? undefined : state.runs[id]));
  return live ?? fetched;
}

export function useSnapshot(id: number | null | undefined): Snapshot | null {
  return useLive((state) => (id === null || id === undefined ? null : (state.snapshots[id] ?? null)));
}

/** The live points of a series, oldest first. */
export function livePoints(run: number, node: string, name: string): Point[] {
  return useLive.getState().rings.get(seriesKey(run, node, name))?.points() ?? [];
}

/** Changes when a run has new live points: what depends on `livePoints` depends on it. */
export function useTick(run: number | null | undefined): number {
  return useLive((state) => (run === null || run === undefined ? 0 : (state.ticks[run] ?? 0)));
}

/** What was kept of a series, then what came since: one line without doubles. */
export function joined(history: readonly Point[], live: readonly Point[]): Point[] {
  const last = history.at(-1)?.[0] ?? -Infinity;
  return [...history, ...live.filter(([at]) => at > last)];
}
