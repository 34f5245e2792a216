import { describe, expect, it } from "vitest";
import { begin, perform, redo, undo } from "./history";
import { replaceText } from "./commands";

const type = (before: string, after: string) => replaceText(before, after);
const START = begin({ text: "a", layout: {} });

describe("history", () => {
  it("goes back and forth", () => {
    const one = perform(START, type("a", "ab"), "Type", 0);
    const two = perform(one, { kind: "move_nodes", positions: { n: [1, 2] } }, "Move", 0);
    expect(undo(two).pipeline).toEqual({ text: "ab", layout: {} });
    expect(undo(undo(two)).pipeline).toEqual(START.pipeline);
    expect(redo(redo(undo(undo(two)))).pipeline).toEqual(two.pipeline);
    expect(undo(START)).toBe(START);
    expect(redo(two)).toBe(two);
  });

  it("takes a word typed quickly back at once, one typed later apart", () => {
    let now = perform(START, type("a", "ab"), "Type", 0, "typing");
    now = perform(now, type("ab", "abc"), "Type", 500, "typing");
    now = perform(now, type("abc", "abcd"), "Type", 1400, "typing");
    now = perform(now, type("abcd", "abcde"), "Type", 5000, "typing");
    expect(now.past).toHaveLength(2);
    expect(undo(now).pipeline.text).toBe("abcd");
    expect(undo(undo(now)).pipeline.text).toBe("a");
    expect(redo(undo(undo(now))).pipeline.text).toBe("abcd");
  });

  it("forgets what was undone when something else is done", () => {
    const undone = undo(perform(START, type("a", "ab"), "Type", 0, "typing"));
    const other = perform(undone, type("a", "ax"), "Type", 1, "typing");
    expect(redo(other)).toBe(other);
    expect(undo(other).pipeline.text).toBe("a");
  });

  it("keeps nothing of what changes nothing", () => {
    expect(perform(START, type("a", "a"), "Type", 0)).toBe(START);
    expect(perform(START, { kind: "move_nodes", positions: { n: null } }, "Move", 0)).toBe(START);
  });

  it("keeps the last five hundred steps", () => {
    let now = START;
    for (let i = 0; i < 520; i++) now = perform(now, type(now.pipeline.text, `${i}`), "Type", i);
    expect(now.past).toHaveLength(500);
  });
});
