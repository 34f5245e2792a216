import { afterEach, describe, expect, it } from "vitest";

import { livePoints, useLive } from "../../api/live";
import type { Snapshot } from "../../api/types";
import { figuresOf, followFigures, setOver, takeSnapshot, useFigures } from "./figures";

const base: Snapshot = { pid: 1, attempts: 1, started: 5, operators: [] };

describe("figures of nodes", () => {
  it("are rates between two snapshots of one process", () => {
    const before = { ...base, at: 10, nodes: { a: { rows_in: 100, rows_out: 50, busy_seconds: 1, backpressured_seconds: 0 } } };
    const now = { ...base, at: 12, nodes: { a: { rows_in: 300, rows_out: 60, busy_seconds: 2, backpressured_seconds: 0.5, latency: { p50_ms: 1, p95_ms: 2, p99_ms: 4 }, lookup: { hits: 3, misses: 1, answered: 4, found: 3 }, late: 2 } },
      metrics: { sink: { auc: 0.7 } } };
    const found = figuresOf(before, now);
    expect(found.a).toMatchObject({ inRate: 100, outRate: 5, busy: 0.5, waits: 0.25, latency: 0.004, hitRate: 0.75, late: 2, rowsIn: 300, metrics: null });
    expect(found.sink?.metrics).toEqual({ auc: 0.7 });
  });

  it("say how far a node is behind the clock, or where the past is replayed, behind the newest watermark", () => {
    const at = (seconds: number) => ({ ...base, at: seconds, nodes: { source: { watermark: 100e6 }, late: { watermark: 40e6 }, still: {} } });
    const lags = (snapshot: Snapshot) => Object.entries(figuresOf(null, snapshot)).map(([node, { lag, replayed }]) => [node, lag, replayed]);
    expect(lags(at(105))).toEqual([["source", 5, false], ["late", 65, false], ["still", null, false]]);
    expect(lags(at(100 + 30 * 86_400))).toEqual([["source", 0, true], ["late", 60, true], ["still", null, false]]);
  });

  it("know no rate across a restart, or where a counter went back", () => {
    const before = { ...base, at: 10, nodes: { a: { rows_in: 100 } } };
    expect(figuresOf(before, { ...base, at: 11, pid: 2, nodes: { a: { rows_in: 300 } } }).a?.inRate).toBeNull();
    expect(figuresOf(before, { ...base, at: 11, nodes: { a: { rows_in: 30 } } }).a?.inRate).toBeNull();
    expect(figuresOf(null, { ...base, at: 11, nodes: { a: { rows_in: 30 } } }).a).toMatchObject({ inRate: null, rowsIn: 30 });
  });

  it("come from operators where the job says nothing of its nodes", () => {
    const operators = [
      { name: "scan", nodes: ["a"], shard: 0, rows_in: 10, rows_out: 9, late: 0, watermark: 7 },
      { name: "filter", nodes: ["a", "b"], shard: 0, rows_in: 9, rows_out: 4, late: 1, watermark: 6 },
      { name: "filter", nodes: ["a", "b"], shard: 1, rows_in: 8, rows_out: 3, late: 1, watermark: null },
    ];
    const found = figuresOf(null, { ...base, at: 1, nodes: null, operators });
    expect(found.a).toMatchObject({ rowsIn: 10, rowsOut: 7, late: 2, watermark: 6 });
    expect(found.b).toMatchObject({ rowsIn: 17, rowsOut: 7, late: 2, watermark: 6 });
  });
});

describe("following a run", () => {
  afterEach(() => useLive.getState().clear());

  it("takes each snapshot once and keeps what did not change", () => {
    const stop = followFigures(3);
    const tell = (snapshot: Snapshot) => useLive.getState().receive([{ event: "snapshot", data: { id: 3, snapshot }, run: 3 }]);
    tell({ ...base, at: 1, nodes: { a: { rows_out: 1 }, b: { rows_out: 1 } } });
    tell({ ...base, at: 2, nodes: { a: { rows_out: 1 }, b: { rows_out: 5 } } });
    const { a, b } = useFigures.getState().nodes;
    tell({ ...base, at: 3, nodes: { a: { rows_out: 1 }, b: { rows_out: 9 } } });
    tell({ ...base, at: 4, nodes: { a: { rows_out: 1 }, b: { rows_out: 11 } } });
    expect(useFigures.getState().nodes.a).toBe(a);
    expect(b?.outRate).toBe(4);
    expect(useFigures.getState().nodes.b?.outRate).toBe(2);
    stop();
    tell({ ...base, at: 9, nodes: { a: { rows_out: 100 } } });
    expect(useFigures.getState().nodes.a).toBe(a);
  });

  it("knows no rates of a run that is over", () => {
    const stop = followFigures(5);
    takeSnapshot(5, { ...base, at: 1, nodes: { a: { rows_out: 1 } } });
    takeSnapshot(5, { ...base, at: 2, nodes: { a: { rows_out: 3 } } });
    expect(useFigures.getState().nodes.a?.outRate).toBe(2);
    setOver(true);
    expect(useFigures.getState().nodes.a).toMatchObject({ outRate: null, rowsOut: 3 });
    takeSnapshot(5, { ...base, at: 3, nodes: { a: { rows_out: 3 } } });
    expect(useFigures.getState().nodes.a?.outRate).toBeNull();
    setOver(false);
    stop();
  });

  it("draws what models say", () => {
    const stop = followFigures(3);
    const facts = { samples: 100, auc: 0.7, logloss: 0.4 };
    useLive.getState().receive([{ event: "model", data: { name: "shop.model[model]", node: "model", version: 4, facts }, run: 3 }]);
    expect(livePoints(3, "model", "auc").map(([, value]) => value)).toEqual([0.7]);
    expect(useFigures.getState().models.model).toMatchObject({ version: 4, auc: 0.7 });
    stop();
    followFigures(4)();
    expect(useFigures.getState().models).toEqual({});
  });
});
