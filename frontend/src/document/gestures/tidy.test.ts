import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SHAPE, arrange } from "../layout";
import { type Layout, readModel } from "../model";
import { tidy } from ".";

const shop = readModel(readFileSync(new URL("../../../../examples/shop.yaml", import.meta.url), "utf8"));
const ids = shop.nodes.map((node) => node.id);
const STEP = SHAPE.width + SHAPE.across;
const ROW = SHAPE.height + SHAPE.down;

const links = (...pairs: string[]) => pairs.map((pair) => ({ from: pair[0] ?? "", to: pair[1] ?? "" }));

function overlaps(layout: Layout): string[] {
  const all = Object.entries(layout);
  return all.flatMap(([a, [x, y]], i) => all.slice(i + 1).flatMap(([b, [u, v]]) =>
    Math.abs(x - u) < SHAPE.width && Math.abs(y - v) < SHAPE.height ? [`${a}/${b}`] : []));
}

/** Small and fast, the same numbers for the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

describe("a tidied layout", () => {
  it("is the same where it was tidy", () => {
    const folded = arrange(ids, shop.edges);
    expect(tidy(ids, shop.edges, folded)).toEqual(folded);
    const wide = { a: [10, 10], b: [310, 10], c: [610, 10], d: [610, 10 + ROW] } as const;
    expect(tidy([..."abcd"], links("ab", "bc", "bd"), wide)).toEqual(wide);
  });

  it("brings one node back, and leaves the others where they are", () => {
    const folded = arrange(ids, shop.edges);
    const at = folded.computed ?? [0, 0];
    expect(tidy(ids, shop.edges, { ...folded, computed: [at[0] + 14, at[1] - 9] })).toEqual(folded);
  });

  it("keeps who is above whom", () => {
    const made = tidy([..."abcd"], links("ab", "ac", "ad"), { a: [0, 0], d: [300, -40], b: [310, 0], c: [280, 7] });
    expect([..."bcd"].sort((x, y) => (made[x]?.[1] ?? 0) - (made[y]?.[1] ?? 0))).toEqual(["d", "b", "c"]);
    expect(new Set([..."bcd"].map((node) => made[node]?.[0])).size).toBe(1);
    expect(overlaps(made)).toEqual([]);
  });

  it("goes from left to right without wide holes", () => {
    const made = tidy([..."abc"], links("ab", "bc"), { a: [500, 250], b: [100, 300], c: [5000, -2000] });
    const xs = [..."abc"].map((node) => made[node]?.[0] ?? 0);
    expect([(xs[1] ?? 0) - (xs[0] ?? 0) >= STEP, (xs[2] ?? 0) - (xs[1] ?? 0) <= 2 * STEP]).toEqual([true, true]);
    expect(Math.max(...[..."abc"].map((node) => made[node]?.[1] ?? 0)) - Math.min(...[..."abc"].map((node) => made[node]?.[1] ?? 0))).toBe(2.5 * ROW); // 2, with one row free between, and the half row of a and b
  });

  it.each([1, 2, 3, 4, 5])("overlaps nothing, and a second time changes nothing (seed %i)", (seed) => {
    const pick = random(seed);
    const nodes = Array.from({ length: 40 }, (_, i) => `n${i}`);
    const wires = nodes.slice(1).map((to, i) => ({ from: `n${pick(i + 1)}`, to }));
    const places = Object.fromEntries(nodes.filter(() => pick(5)).map((node) => [node, [pick(2000), pick(900)] as const]));
    const once = tidy(nodes, wires, places);
    expect(Object.keys(once)).toEqual(nodes);
    expect(overlaps(once)).toEqual([]);
    expect(tidy(nodes, wires, once)).toEqual(once);
  });

  it("survives circles, and nothing at all", () => {
    expect(tidy([], [], {})).toEqual({});
    expect(overlaps(tidy([..."abc"], links("ab", "bc", "ca", "aa", "az"), {}))).toEqual([]);
  });

  it("keeps groups together, and others out of them", () => {
    const nodes = [..."abcdefg"];
    const wires = links("ab", "ac", "ad", "be", "cf", "dg");
    const made = tidy(nodes, wires, { b: [246, 0], c: [246, 92], d: [246, 184], e: [492, 0], f: [492, 92], g: [492, 184] }, [{ nodes: ["b", "d", "e", "g"] }]);
    const group = ["b", "d", "e", "g"].map((node) => made[node] ?? [0, 0]);
    const [top, bottom] = [Math.min(...group.map(([, y]) => y)), Math.max(...group.map(([, y]) => y)) + SHAPE.height];
    for (const node of ["c", "f"]) expect((made[node]?.[1] ?? 0) >= bottom || (made[node]?.[1] ?? 0) + SHAPE.height <= top).toBe(true);
    expect(overlaps(made)).toEqual([]);
  });
});
