import { describe, expect, it } from "vitest";

import { applyEdits } from "../../document/edits";
import { between, editsBetween, isNothing, replay } from "./entry";

const lines = (...all: string[]) => all.join("\n");
const long = Array.from({ length: 40 }, (_, i) => `line ${i} of a document that is long enough`);
const changed = long.map((line, i) => (i === 3 || i === 30 ? `${line}, changed` : line));

describe("edits between two texts", () => {
  it.each([
    ["", ""], ["", "a"], ["a", ""], ["abc", "axc"], [lines(...long), lines(...changed)], [lines(...long), lines(...changed, "")],
    [lines(...long, ""), lines(...changed)], [lines(...long), lines(...changed, "one more")], [lines(...long), lines("first", ...long.slice(4))],
    [lines(...long), ""], ["", lines(...long)], ["😀", "😁"], ["a😀b", "a😁b"], ["😀", "😀😀"], ["😀😁", "😁"], ["a😀", "a"],
    [lines(...long, "😀"), lines(...changed, "😁")],
  ])("make the one of the other (%#)", (before, after) => {
    const edits = editsBetween(before, after);
    expect(applyEdits(before, edits)).toBe(after);
    for (const edit of edits) {
      for (const piece of [edit.insert, before.slice(edit.from, edit.to)]) expect(() => encodeURIComponent(piece)).not.toThrow(); // no half of a character
    }
  });

  it("are small where what changed is far apart", () => {
    const edits = editsBetween(lines(...long), lines(...changed));
    expect(edits.length).toBe(2);
    expect(edits.every((edit) => edit.insert.length < 60)).toBe(true);
  });
});

describe("an entry", () => {
  const before = { text: "a\n", layout: { x: [1, 2], y: [3, 4] } } as const;
  const after = { text: "b\n", layout: { x: [1, 2, 30, 40], z: [5, 6] } } as const;

  it("says what changed, places that are gone too", () => {
    expect(between(before, after).layout).toEqual({ x: [1, 2, 30, 40], y: null, z: [5, 6] });
    expect(replay(before, [between(before, after)])).toEqual(after);
  });

  it("is nothing where nothing changed", () => {
    expect(isNothing(between(before, { ...before, layout: { ...before.layout } }))).toBe(true);
    expect(isNothing(between(before, after))).toBe(false);
  });
});
