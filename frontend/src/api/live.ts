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

/** A working copy has another version, rests on another revision, or there is a newer one. */
export interface Edited {
  pipeline: number;
  version: number;
  revision: number;
  head: number;
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
  /** The newest versions of working copies, by pipeline. */
  edited: Readonly<Record<number, Edited>>;
  /** Runs that were deleted while the page was open. */
  deleted: ReadonlySet<number>;
  receive: (messages: readonly Message[]) => void;
  clear: () => void;
}

/** The rate of rows that summaries of a run have told, as a series of points: for lists, which have no run's stream. */
export const SUMMARY_RATE = "summary_rows_in_rate";

export const seriesKey = (run: number, node: string, name: string): string => `${run}/${node}/${name}`;

type Kept = Omit<LiveState, "receive" | "clear">;
/** The state that comes next. A part is copied when it is first changed, once for all messages of a batch. */
class Draft {
  readonly next: Kept;

  constructor(private readonly before: Kept) {
    this.next = { ...before };
  }

  /** A part that may be changed in place. */
  own<K extends "runs" | "snapshots" | "ticks" | "events" | "logs" | "models" | "edited">(name: K): { -readonly [P in keyof Kept[K]]: Kept[K][P] } {
    if (this.next[name] === this.before[name]) this.next[name] = { ...this.before[name] };
    return this.next[name];
  }
}

type Apply = (draft: Draft, message: Message) => void;

const nothing = (): Kept => ({
  runs: {},
  snapshots: {},
  rings: new Map(),
  ticks: {},
  events: {},
  logs: {},
  models: {},
  edited: {},
  deleted: new Set(),
});

const APPLY: Readonly<Record<string, Apply>> = {
  run: (draft, { data }) => {
    const run = data as RunSummary;
    draft.own("runs")[run.id] = run;
    ringOf(draft.next, seriesKey(run.id, "", SUMMARY_RATE), SUMMARIES_KEPT).push(Date.now() / 1e3, run.rates.rows_in);
  },
  snapshot: (draft, { data }) => {
    const { id, snapshot } = data as { id: number; snapshot: Snapshot | null };
    if (snapshot) draft.own("snapshots")[id] = snapshot;
  },
  points: (draft, { data, run }) => {
    for (const point of data as LivePoint[]) takePoint(draft, point, point.run ?? run);
  },
  happened: (draft, { data, run }) => {
    const event = data as RunEvent;
    const of = event.run ?? run;
    if (of === null) return;
    const before = draft.next.events[of] ?? [];
    if (before.some((one) => one.id === event.id)) return;
    draft.own("events")[of] = [event, ...before].slice(0, EVENTS_KEPT);
  },
  log: (draft, { data, run }) => {
    const { lines, fresh } = data as { lines: LogLine[]; fresh?: boolean };
    if (run === null) return;
    const before = fresh ? [] : (draft.next.logs[run] ?? []);
    draft.own("logs")[run] = [...before, ...lines].slice(-LOGS_KEPT);
  },
  model: (draft, { data }) => {
    const { name, version, facts } = data as { name: string; version: number; facts: ModelVersion };
    draft.own("models")[name] = { ...facts, version };
  },
  edited: (draft, { data }) => {
    const edited = data as Edited;
    draft.own("edited")[edited.pipeline] = edited;
  },
  deleted: (draft, { data }) => {
    const { id } = data as { id: number };
    draft.next.runs = Object.fromEntries(Object.entries(draft.next.runs).filter(([key]) => Number(key) !== id));
    draft.next.deleted = new Set([...draft.next.deleted, id]);
  },
};

function ringOf(state: Kept, key: string, kept = POINTS_KEPT): Ring {
  let ring = state.rings.get(key);
  if (!ring) state.rings.set(key, (ring = new Ring(kept)));
  return ring;
}

function takePoint(draft: Draft, point: LivePoint, run: number | null) {
  if (run === null) return;
  if (!ringOf(draft.next, seriesKey(run, point.node, point.name)).push(point.at, point.value)) return;
  const ticks = draft.own("ticks");
  ticks[run] = (ticks[run] ?? 0) + 1;
}

export const useLive = create<LiveState>((set, get) => ({
  ...nothing(),
  receive: (messages) => {
    const draft = new Draft(get());
    for (const message of messages) APPLY[message.event]?.(draft, message);
    set(draft.next);
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
