/** One stream of server-sent events: read, reconnected with what came last, judged alive by its heartbeat. */

import { useEffect } from "react";
import { create } from "zustand";

import { url } from "./client";
import { type Message, useLive } from "./live";
import { useSession } from "./session";
import { EventParser, type ServerEvent } from "./sse";

/** A run's stream, a pipeline's, or a project's. A run's tells of its pipeline, too. */
export interface Scope {
  run?: number | null;
  pipeline?: number | null;
  project?: string | null;
}

export type ConnectionState = "closed" | "connecting" | "live" | "lost";

export interface Connection {
  state: ConnectionState;
  /** Unix seconds: since when it is lost. */
  since: number | null;
}

/** After so long without a byte a connection counts as lost: two heartbeats and a half. */
export const SILENCE_MS = 25_000;
const FLUSH_MS = 200;
const LONGEST_PAUSE_MS = 15_000;
/** A page out of sight gives its connection back: browsers have six for all pages of a host. */
const HIDDEN_MS = 60_000;

/** Whether event id `a` (`<unix ms>-<n>`) comes after `b`; an id of another form always does. */
export function isNewer(a: string, b: string): boolean {
  const [left, right] = [a, b].map((id) => /^(\d+)-(\d+)$/.exec(id));
  if (!left || !right) return true;
  const [ms, n] = [Number(left[1]) - Number(right[1]), Number(left[2]) - Number(right[2])];
  return ms > 0 || (ms === 0 && n > 0);
}

/** Where a stream delivers to. */
export interface Receiver {
  receive: (messages: Message[]) => void;
  connection: (connection: Connection) => void;
}

export class LiveStream {
  private last = "";
  private retry = 1000;
  private failures = 0;
  private lostAt: number | null = null;
  private queue: Message[] = [];
  private abort: AbortController | null = null;
  private timers: Partial<Record<"flush" | "silence" | "again", ReturnType<typeof setTimeout>>> = {};

  constructor(
    private readonly scope: Scope,
    private readonly receiver: Receiver,
  ) {}

  get address(): string {
    const { run, pipeline, project } = this.scope;
    if (run) return url(`runs/${run}/stream`);
    return pipeline ? url(`pipelines/${pipeline}/stream`) : url("stream", { project });
  }

  open() {
    this.close();
    this.tell("connecting");
    void this.connect();
  }

  close() {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.timers = {};
    this.abort?.abort();
    this.abort = null;
    this.flush();
  }

  private async connect() {
    const abort = new AbortController();
    this.abort = abort;
    this.listen();
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.last) headers["Last-Event-ID"] = this.last;
      const answer = await fetch(this.address, { headers, credentials: "same-origin", cache: "no-store", signal: abort.signal });
      if (!answer.ok || !answer.body) throw new Error(`answered ${answer.status}`);
      this.failures = 0;
      this.lostAt = null;
      this.tell("live");
      await this.read(answer.body, abort);
    } catch {
      // Whatever ended it, the way on is the same: say so, and connect again.
    }
    if (this.abort === abort) this.again();
  }

  private async read(body: ReadableStream<Uint8Array>, abort: AbortController) {
    const parser = new EventParser({
      onEvent: (event) => this.take(event),
      onRetry: (milliseconds) => (this.retry = milliseconds),
    });
    const decoder = new TextDecoder();
    const reader = body.getReader();
    while (!abort.signal.aborted) {
      const { done, value } = await reader.read();
      if (done || abort.signal.aborted) return;
      this.listen();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  private take(event: ServerEvent) {
    if (event.id && this.last && !isNewer(event.id, this.last)) return;
    if (event.id) this.last = event.id;
    let data: unknown;
    try {
      data = JSON.parse(event.data);
    } catch {
      return;
    }
    this.queue.push({ event: event.event, data, run: this.scope.run ?? null });
    this.timers.flush ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  private flush() {
    clearTimeout(this.timers.flush);
    this.timers.flush = undefined;
    const messages = this.queue;
    this.queue = [];
    if (messages.length > 0) this.receiver.receive(messages);
  }

  /** Something was heard: the connection counts as alive for a while. */
  private listen() {
    clearTimeout(this.timers.silence);
    this.timers.silence = setTimeout(() => this.abort?.abort(), SILENCE_MS);
  }

  private again() {
    clearTimeout(this.timers.silence);
    this.lostAt ??= Date.now() / 1e3;
    this.tell("lost");
    const pause = Math.min(LONGEST_PAUSE_MS, this.retry * 2 ** Math.min(this.failures, 6));
    this.failures += 1;
    this.timers.again = setTimeout(() => void this.connect(), pause * (0.75 + Math.random() / 2));
  }

  private tell(state: ConnectionState) {
    this.receiver.connection({ state, since: this.lostAt });
  }
}

interface Connections {
  open: Readonly<Record<string, Connection>>;
  set: (scope: string, connection: Connection | null) => void;
}

export const useConnections = create<Connections>((set) => ({
  open: {},
  set: (scope, connection) =>
    set((old) => {
      const others = Object.fromEntries(Object.entries(old.open).filter(([name]) => name !== scope));
      return { open: connection ? { ...others, [scope]: connection } : others };
    }),
}));

const WORST: readonly ConnectionState[] = ["lost", "connecting", "live"];

/** How the page's streams are: the worst of them; closed where the page has none. */
export function useConnection(): Connection {
  const open = useConnections((state) => state.open);
  const all = Object.values(open);
  for (const state of WORST) {
    const found = all.find((one) => one.state === state);
    if (found) return found;
  }
  return { state: "closed", since: null };
}

/** Opens a scope's stream, rests it while the page is out of sight; the function returned ends it. */
function keepOpen({ run = null, pipeline = null, project = null }: Scope): () => void {
  const name = run !== null ? `run:${run}` : pipeline !== null ? `pipeline:${pipeline}` : `project:${project ?? ""}`;
  const { set } = useConnections.getState();
  const stream = new LiveStream(
    { run, pipeline, project },
    { receive: useLive.getState().receive, connection: (connection) => set(name, connection) },
  );
  let hidden: ReturnType<typeof setTimeout> | undefined;
  let resting = false;
  const onSight = () => {
    clearTimeout(hidden);
    if (document.hidden) {
      hidden = setTimeout(() => {
        resting = true;
        stream.close();
      }, HIDDEN_MS);
    } else if (resting) {
      resting = false;
      stream.open();
    }
  };
  stream.open();
  document.addEventListener("visibilitychange", onSight);
  return () => {
    document.removeEventListener("visibilitychange", onSight);
    clearTimeout(hidden);
    stream.close();
    set(name, null);
  };
}

/** Keeps a scope's stream open while the component is shown. `enabled`: false for none. */
export function useStream({ run = null, pipeline = null, project = null }: Scope, enabled = true) {
  useEffect(() => (enabled ? keepOpen({ run, pipeline, project }) : undefined), [run, pipeline, project, enabled]);
}

/** More projects than these are asked about now and then instead: a browser has few connections for all its pages. */
const PROJECTS_AT_MOST = 3;

/**
 * Keeps the streams of a project, or of all of one's projects, open while the component is shown. Returns how often
 * lists are to be fetched anew, in milliseconds: seldom where streams tell of every change.
 */
export function useProjectStreams(project: string | null): number {
  const { data } = useSession();
  const slugs = project === null ? (data?.projects ?? []).map((one) => one.slug) : [project];
  const few = slugs.length <= PROJECTS_AT_MOST;
  const names = few ? slugs.join(" ") : "";
  useEffect(() => {
    const ends = names
      .split(" ")
      .filter(Boolean)
      .map((slug) => keepOpen({ project: slug }));
    return () => ends.forEach((end) => end());
  }, [names]);
  return few ? 30_000 : 5_000;
}
