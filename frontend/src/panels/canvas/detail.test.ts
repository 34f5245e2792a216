import { describe, expect, it } from "vitest";

import { cut, detailAt } from "./detail";
import { type TileData, edgesOf, portDown, shapeOf, toneOf } from "./graph";

describe("how much is drawn", () => {
  it("is less from afar, and boxes only of many", () => {
    expect([detailAt(1, 800), detailAt(0.55, 800), detailAt(0.5, 800), detailAt(0.29, 800), detailAt(0.29, 60), detailAt(0.2, 61)])
      .toEqual(["near", "near", "far", "tiny", "far", "tiny"]);
  });

  it("cuts names to what fits, Chinese ones to half as many characters", () => {
    expect([cut("impressions", 11), cut("impressions", 8), cut("events of shop", 9)]).toEqual(["impressions", "impressi…", "events of…"]);
    expect([cut("曝光事件", 8), cut("曝光事件", 5)]).toEqual(["曝光事件", "曝光…"]);
    expect(cut("a😀b", 2)).toBe("a…");
  });
});

describe("what needs no measuring", () => {
  const tile = { inputs: [{ name: "rows" }, { name: "model" }], gives: "rows" } as unknown as TileData;
  it("is a tile's size and where its ports are", () => {
    const { width, height, handles } = shapeOf(tile);
    expect([width, height]).toEqual([200, 70]);
    expect(handles.map(({ id, type, x, y, width: size }) => [id, type, x + size / 2, Math.round(y + size / 2)])).toEqual([
      ["rows", "target", 0, 23], ["model", "target", 0, 47], [null, "source", 200, 35]]);
    expect(portDown(0, 1)).toBe(35);
    expect(shapeOf(tile)).toBe(shapeOf(tile));
  });
});

describe("wires", () => {
  const wire = { id: "a>b.rows", source: "a", target: "b", port: "rows", relation: "rows" } as const;
  it("are the same objects while they say the same", () => {
    const first = edgesOf([wire], [null], []);
    expect(edgesOf([wire], [null], first)[0]).toBe(first[0]);
    expect(edgesOf([wire], [40], first)[0]).not.toBe(first[0]);
  });

  it("are of the colour of how much they are held back", () => {
    expect([undefined, { waits: null }, { waits: 0.4 }, { waits: 0.5 }, { waits: 0.9 }].map(toneOf)).toEqual(["", "", "", "held", "blocked"]);
  });
});
