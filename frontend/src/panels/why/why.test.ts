import { describe, expect, it } from "vitest";

import type { Snapshot } from "../../api/types";
import type { ModelNode } from "../../document/model";
import { recordText } from "../run/Banner";
import { type NodeFigures, slowestOf } from "../run/figures";
import { changedSince } from "../run/stale";
import { silentSinks } from "./why";

const snapshot = (seconds: number, ...rows: number[]): Snapshot => ({
  started: 100, at: 100 + seconds, sinks: rows.map((count, i) => ({ name: `Sink(${i})`, nodes: [`out${i}`], rows: count })),
});

describe("no output", () => {
  it("is worth a word once there was time for some", () => {
    expect(silentSinks(snapshot(11, 0))).toEqual([]);
    expect(silentSinks(snapshot(12, 0, 5, 0))).toEqual(["out0", "out2"]);
    expect([silentSinks(null), silentSinks({ at: 1000, started: 1 })]).toEqual([[], []]);
  });
});

describe("the root of back-pressure", () => {
  const node = (busy: number | null, waits: number | null) => ({ busy, waits }) as NodeFigures;
  it("is what works most while another waits most of its time", () => {
    expect(slowestOf({ source: node(0.05, 0.9), join: node(0.8, 0.1), sink: node(0.1, 0) })).toBe("join");
  });
  it("is nothing while nobody waits", () => {
    expect([slowestOf({}), slowestOf({ a: node(0.9, 0.4) }), slowestOf({ a: node(0.05, 0.8), b: node(null, null) })]).toEqual([null, null, null]);
  });
});

describe("nodes that were changed since the run began", () => {
  const node = (id: string, properties: Record<string, unknown>, component = "filter") => ({ id, component, properties }) as ModelNode;
  it("say something else than what runs, or are new", () => {
    const ran = [node("a", { condition: "x > 1" }), node("b", {}), node("c", {}, "select")];
    const now = [node("a", { condition: "x > 2" }), node("b", {}), node("c", {}), node("d", {})];
    expect([...changedSince(now, ran)]).toEqual(["a", "c", "d"]);
  });
});

describe("the row that a run failed of", () => {
  it("is told by where it stands and what was read of it", () => {
    expect(recordText({ source: "shop", first: 10, last: 19, values: ["0", null] })).toBe("In rows 10 to 19 of shop. It read 0, NULL.");
    expect([recordText({ values: ["x"] }), recordText(null), recordText("odd"), recordText({})]).toEqual(["It read x.", "", "", ""]);
  });
});
