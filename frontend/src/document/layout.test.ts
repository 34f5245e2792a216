import { describe, expect, it } from "vitest";
import { SHAPE, arrange } from "./layout";
import type { Layout } from "./model";

const links = (...pairs: string[]) => pairs.map((pair) => ({ from: pair[0] ?? "", to: pair[1] ?? "" }));

function overlaps(layout: Layout): string[] {
  const all = Object.entries(layout);
  return all.flatMap(([a, [x, y]], i) => all.slice(i + 1).flatMap(([b, [u, v]]) =>
    Math.abs(x - u) < SHAPE.width && Math.abs(y - v) < SHAPE.height ? [`${a}/${b}`] : []));
}

describe("a layout made from nothing", () => {
  it("puts each node right of what it reads", () => {
    const made = arrange([..."abcd"], links("ab", "ac", "bd", "cd"));
    const x = (node: string) => made[node]?.[0] ?? NaN;
    expect([x("a") < x("b"), x("b") === x("c"), x("c") < x("d")]).toEqual([true, true, true]);
    expect(overlaps(made)).toEqual([]);
  });

  it("uncrosses what need not cross", () => {
    const made = arrange([..."abxy"], links("ay", "bx"));
    expect((made.a?.[1] ?? 0) < (made.b?.[1] ?? 0)).toBe((made.y?.[1] ?? 0) < (made.x?.[1] ?? 0));
  });

  it("folds a long chain so that it fills the space", () => {
    const chain = [..."abcdefghijkl"];
    const made = arrange(chain, chain.slice(1).map((to, i) => ({ from: chain[i] ?? "", to })));
    const widths = Object.values(made).map(([x]) => x);
    expect(new Set(Object.values(made).map(([, y]) => y)).size).toBeGreaterThan(1);
    expect(Math.max(...widths)).toBeLessThan(8 * (SHAPE.width + SHAPE.across));
    expect(overlaps(made)).toEqual([]);
  });

  it("is the same each time, survives circles, loops and edges to nothing", () => {
    const nodes = [..."abc"];
    const odd = links("ab", "bc", "ca", "aa", "az");
    const made = arrange(nodes, odd);
    expect(Object.keys(made)).toEqual(nodes);
    expect(arrange(nodes, odd)).toEqual(made);
    expect(overlaps(made)).toEqual([]);
    expect(arrange([], [])).toEqual({});
  });

  it("places 800 nodes", () => {
    const nodes = Array.from({ length: 800 }, (_, i) => `n${i}`);
    const wires = nodes.slice(1).flatMap((to, i) => [{ from: `n${Math.floor(i / 2)}`, to }, { from: `n${Math.floor(i / 3)}`, to }]);
    const made = arrange(nodes, wires);
    expect(overlaps(made)).toEqual([]);
  });
});

describe("a layout that people have made", () => {
  it("is kept, and a new node finds a free place behind what it reads", () => {
    const fixed = { a: [0, 0], b: [SHAPE.width + SHAPE.across, 0] } as const;
    const made = arrange([..."abc"], links("ab", "ac"), fixed);
    expect(made).toMatchObject(fixed);
    expect(made.c?.[0]).toBe(SHAPE.width + SHAPE.across);
    expect(overlaps(made)).toEqual([]);
  });

  it("forgets nodes that are gone", () => {
    expect(arrange(["a"], [], { a: [1, 2], gone: [3, 4] })).toEqual({ a: [1, 2] });
  });
});
