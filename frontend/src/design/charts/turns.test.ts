import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { inTurn, watchPointer } from "./turns";

let frames: (() => void)[] = [];

beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (work: () => void) => frames.push(work));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function frame(): void {
  const [first] = frames.splice(0, 1);
  first?.();
}

it("does a piece a frame, in order, and none that was taken back", () => {
  const done: string[] = [];
  const cancel = ["a", "b", "c"].map((name) => inTurn(() => done.push(name)));
  expect(done).toEqual([]);
  frame();
  expect(done).toEqual(["a"]);
  cancel[1]?.();
  frame();
  expect(done).toEqual(["a", "c"]);
  expect(frames).toEqual([]);
});

it("goes on after work that failed, and after a pause", () => {
  const done: string[] = [];
  inTurn(() => {
    throw new Error("no");
  });
  inTurn(() => done.push("after"));
  expect(frame).toThrow("no");
  frame();
  expect(done).toEqual(["after"]);
  inTurn(() => done.push("later"));
  frame();
  expect(done).toEqual(["after", "later"]);
});

it("waits while a button is held, for a few seconds at most", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const pointer = new EventTarget();
  watchPointer(pointer);
  const done: string[] = [];
  pointer.dispatchEvent(new Event("pointerdown"));
  inTurn(() => done.push("held"));
  frame();
  expect(done).toEqual([]);
  pointer.dispatchEvent(new Event("pointerup"));
  frame();
  expect(done).toEqual(["held"]);
  pointer.dispatchEvent(new Event("pointerdown"));
  inTurn(() => done.push("long held"));
  frame();
  vi.advanceTimersByTime(3000);
  frame();
  expect(done).toEqual(["held", "long held"]);
  vi.useRealTimers();
});
