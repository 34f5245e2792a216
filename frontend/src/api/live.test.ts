import { beforeEach, describe, expect, it } from "vitest";

import { joined, livePoints, type Message, toldRuns, useLive } from "./live";
import { Ring } from "./ring";
import type { RunSummary } from "./types";

function run(over: Partial<RunSummary> = {}): RunSummary {
  return {
    id: 7,
    pipeline: { id: 1, slug: "shop", project: "examples" },
    revision: 1,
    status: "RUNNING",
    reason: null,
    since: "2026-01-01T00:00:10Z",
    desired: "RUNNING",
    created_at: "2026-01-01T00:00:00Z",
    started_at: null,
    ended_at: null,
    restarts: 0,
    attempt: 1,
    rates: { rows_in: 5, rows_out: 4 },
    lag_seconds: null,
    newest_seconds: null,
    checkpoint: null,
    progress: null,
    ...over,
  };
}

const say = (event: string, data: unknown, of: number | null = 7): Message => ({ event, data, run: of });
const receive = (...messages: Message[]) => useLive.getState().receive(messages);

beforeEach(() => useLive.getState().clear());

describe("Ring", () => {
  it("keeps the newest points, in order", () => {
    const ring = new Ring(3);
    for (let at = 1; at <= 5; at += 1) ring.push(at, at * 10);
    expect(ring.points()).toEqual([[3, 30], [4, 40], [5, 50]]);
    expect([ring.length, ring.newest]).toEqual([3, 5]);
  });

  it("refuses what came before", () => {
    const ring = new Ring(3);
    expect([ring.push(2, 1), ring.push(2, 9), ring.push(1, 9), ring.push(3, null)]).toEqual([true, false, false, true]);
    expect(ring.points()).toEqual([[2, 1], [3, null]]);
  });
});

describe("the store", () => {
  it("ignores points, and events, that are told again", () => {
    const points = say("points", [{ node: "model", name: "auc", at: 100, value: 0.7 }]);
    const happened = say("happened", { id: 3, run: 7, at: "", kind: "restart", code: "", message: "", node: null, data: {}, user: null });
    receive(points, happened);
    const { ticks } = useLive.getState();
    receive(points, happened);
    expect(livePoints(7, "model", "auc")).toEqual([[100, 0.7]]);
    expect(useLive.getState().events[7]).toHaveLength(1);
    expect(useLive.getState().ticks).toBe(ticks);
  });

  it("lets fresh lines of a log replace those before, and appends others", () => {
    const line = (message: string) => ({ at: 1, level: "INFO", logger: "job", message, node: null, attempt: 1 });
    receive(say("log", { lines: [line("a")] }), say("log", { lines: [line("b")] }));
    expect(useLive.getState().logs[7]?.map((one) => one.message)).toEqual(["a", "b"]);
    receive(say("log", { lines: [line("c")], fresh: true }));
    expect(useLive.getState().logs[7]?.map((one) => one.message)).toEqual(["c"]);
  });

  it("forgets a run that was deleted", () => {
    receive(say("run", run()), say("deleted", { id: 7 }));
    expect(useLive.getState().runs[7]).toBeUndefined();
    expect(useLive.getState().deleted.has(7)).toBe(true);
  });

  it("does not let an answer that was under way undo what a stream told", () => {
    receive(say("run", run({ status: "FAILED", since: "2026-01-01T00:00:20Z" })));
    toldRuns([run({ status: "RUNNING", since: "2026-01-01T00:00:10Z" })]);
    expect(useLive.getState().runs[7]?.status).toBe("FAILED");
    toldRuns([run({ status: "STOPPED", since: "2026-01-01T00:00:30Z" })]);
    expect(useLive.getState().runs[7]?.status).toBe("STOPPED");
  });

  it("goes on past events that it does not know", () => {
    receive(say("novelty", {}), say("snapshot", { id: 7, snapshot: { rows_in: 3 } }));
    expect(useLive.getState().snapshots[7]).toEqual({ rows_in: 3 });
  });
});

it("joins kept and live points without doubles", () => {
  expect(joined([[1, 1], [2, 2]], [[2, 9], [3, 3]])).toEqual([[1, 1], [2, 2], [3, 3]]);
});
