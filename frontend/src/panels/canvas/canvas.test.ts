import { describe, expect, it } from "vitest";

import type { ComponentSpec, Diagnostic, PropertySpec } from "../../api/types";
import { SHAPE, arrange } from "../../document/layout";
import { type Layout, readModel } from "../../document/model";
import { catalogueOf, portOf } from "./catalogue";
import { glimpse } from "./glimpse";
import { tilesOf, wireWidth, wiresOf } from "./graph";
import { lanePath, lanesOf } from "./lane";
import { liveText } from "./NodeTile";

const spec = (name: string, kind = "text", standard: unknown = null) => ({ name, kind, default: standard }) as PropertySpec;
const component = (name: string, gives: string | null, ...inputs: Array<[string, string]>) => ({
  name, family: "transform", title: name, doc: "", details: "", properties: [],
  ports: { inputs: inputs.map(([port, relation]) => ({ name: port, relation, help: "", optional: false, many: false })), outputs: gives ? [{ name: gives, relation: gives }] : [] },
}) as unknown as ComponentSpec;

const CATALOGUE = catalogueOf([component("source", "rows"), component("train", "model", ["samples", "rows"]),
  component("predict", "rows", ["rows", "rows"], ["model", "model"])]);

const MODEL = readModel(`nodes:
  - {id: a, component: source}
  - {id: m, component: train, label: The model}
  - {id: p, component: predict}
  - {id: x, component: unheard}
edges:
  - {from: a, to: m}
  - {from: a, to: p.rows}
  - {from: m, to: p}
  - {from: p, to: x.left}
  - {from: p, to: gone}
`);

describe("a glimpse of settings", () => {
  it("says what differs from the defaults, in the component's order", () => {
    const specs = [spec("learner", "choice", "ftrl"), spec("features", "expressions"), spec("options", "options")];
    const text = glimpse({ options: { connector: "kafka", topic: "t" }, learner: "ftrl", features: { a: "x", b: "y" }, odd: 3 }, specs);
    expect(text).toBe("a, b · kafka · 3");
    expect(glimpse({ columns: { a: "BIGINT", b: "DOUBLE" } }, [spec("columns", "fields")])).toBe("2 columns");
    expect(glimpse({ condition: "x\n  > 1".repeat(40) }, [spec("condition")])).toHaveLength(80);
  });
});

describe("the graph that is drawn", () => {
  it("finds the port an edge means", () => {
    expect(portOf({ from: "m", to: "p", port: "" }, CATALOGUE.get("predict"), CATALOGUE.get("train"))).toBe("model");
    expect(wiresOf(MODEL, CATALOGUE).map(({ source, target, port, relation }) => [source, target, port, relation])).toEqual([
      ["a", "m", "samples", "rows"], ["a", "p", "rows", "rows"], ["m", "p", "model", "model"], ["p", "x", "left", "rows"]]);
  });

  it("counts problems, marks the node that failed, and keeps tiles that say the same", () => {
    const problem = { node: "m", severity: "error", message: "no label", code: "x", property: null, hint: null, line: 1, column: 1 } as Diagnostic;
    const tiles = tilesOf(MODEL, CATALOGUE, [problem, { ...problem, severity: "warning" }], { node: "p", message: "boom" }, new Map());
    expect(tiles.get("m")).toMatchObject({ label: "The model", errors: 1, warnings: 1, problem: "no label", gives: "model" });
    expect(tiles.get("p")?.failure).toBe("boom");
    expect(tiles.get("x")?.inputs.map((port) => port.name)).toEqual(["left"]);
    const again = tilesOf(MODEL, CATALOGUE, [], null, tiles);
    expect([again.get("a") === tiles.get("a"), again.get("m") === tiles.get("m")]).toEqual([true, false]);
  });

  it("draws more rows thicker, within bounds", () => {
    expect([null, 0, 10, 1e4].map(wireWidth)).toEqual([...[null, 0, 10, 1e4].map(wireWidth)].sort((a, b) => a - b));
    expect(wireWidth(1e12)).toBe(6);
  });
});

describe("lanes for wires", () => {
  const laneFor = (source: string, target: string, places: Layout) => lanesOf([{ source, target }], places)[0] ?? null;
  const step = SHAPE.width + SHAPE.across;
  it("are needed past tiles of the same row, and back to the left, not to a neighbour", () => {
    const row = { a: [0, 0], b: [step, 0], c: [2 * step, 0] } as const;
    expect(laneFor("a", "b", row)).toBeNull();
    const lane = laneFor("a", "c", row) ?? 0;
    expect(lane < 0 || lane > SHAPE.height).toBe(true);
    expect(laneFor("c", "a", row)).not.toBeNull();
    expect(laneFor("a", "none", row)).toBeNull();
  });

  it("go through no tile", () => {
    const nodes = [..."abcdefghijkl"];
    const links = [...nodes.slice(1).map((to, i) => ({ from: nodes[i] ?? "", to })), { from: "b", to: "h" }, { from: "a", to: "c" }];
    const places = arrange(nodes, links);
    for (const { from, to } of links) {
      const lane = laneFor(from, to, places);
      if (lane === null) continue;
      const [left, right] = [Math.min((places[from]?.[0] ?? 0) + SHAPE.width, places[to]?.[0] ?? 0), Math.max((places[from]?.[0] ?? 0) + SHAPE.width, places[to]?.[0] ?? 0)];
      const hit = Object.values(places).filter(([x, y]) => x < right && x + SHAPE.width > left && y < lane && y + SHAPE.height > lane);
      expect(hit).toEqual([]);
    }
  });

  it("are drawn with round corners", () => {
    expect(lanePath(0, 0, 100, 40, 80)).toBe("M0,0 L8,0 Q16,0 16,10 L16,70 Q16,80 26,80 L74,80 Q84,80 84,70 L84,50 Q84,40 92,40 L100,40");
  });
});

describe("a tile's live line", () => {
  const figures = { rowsIn: 10, rowsOut: 5, inRate: 12, outRate: 1234.5, watermark: null, lag: null, replayed: false, late: 0, deadLetters: null, stateBytes: null, busy: null, waits: null, latency: null,
    fusedInto: null, hitRate: null, metrics: null };
  it("tells rate, measures and trouble", () => {
    expect(liveText(figures, "rows")).toBe("1.23 k rows/s");
    expect(liveText({ ...figures, metrics: { rows: 4, logloss: 0.51234, auc: 0.75 } }, null)).toBe("auc 0.750 · logloss 0.512");
    expect(liveText({ ...figures, rowsOut: null, outRate: null, late: 3, deadLetters: 2, hitRate: 0.5 }, "rows")).toBe("50 % found · 3 late · 2 unreadable");
    expect(liveText({ ...figures, outRate: null }, "rows")).toBe("5 rows");
    expect(liveText({ ...figures, fusedInto: "b", rowsIn: null }, "rows")).toBe("fused into b");
  });
});
