// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from "vitest";

beforeEach(() => {
  localStorage.clear();
  vi.resetModules();
});

describe("the first steps", () => {
  it("are ticked by what happens to their pipeline, and by nothing else", async () => {
    const { began, happened, nextStep, useGuide } = await import("./guide");
    happened("run", 3);
    expect(nextStep(useGuide.getState())?.id).toBe("create");
    began(7);
    happened("run", 3);
    happened("preview", 7);
    happened("preview", 7);
    expect([useGuide.getState().done, nextStep(useGuide.getState())?.id]).toEqual([["create", "preview"], "run"]);
    happened("run", 7);
    happened("learn", 7);
    expect(nextStep(useGuide.getState())).toBeNull();
  });

  it("are remembered, also that nobody wants to see them", async () => {
    const first = await import("./guide");
    first.began(7);
    first.dismiss();
    vi.resetModules();
    const { showAgain, useGuide } = await import("./guide");
    expect(useGuide.getState()).toEqual({ pipeline: 7, done: ["create"], dismissed: true });
    showAgain();
    expect(useGuide.getState()).toEqual({ pipeline: 7, done: ["create"], dismissed: false });
  });

  it("begin anew once all are done", async () => {
    const { began, dismiss, happened, showAgain, useGuide } = await import("./guide");
    began(7);
    for (const step of ["preview", "run", "learn"] as const) happened(step, 7);
    dismiss();
    showAgain();
    expect(useGuide.getState()).toEqual({ pipeline: null, done: [], dismissed: false });
  });

  it.each(["no JSON", "7", "[]", '{"done": 3, "pipeline": "x"}', '{"done": ["fly"]}'])("make nothing of %s", async (text) => {
    localStorage.setItem("porsche.guide", text);
    const { useGuide } = await import("./guide");
    expect(useGuide.getState()).toEqual({ pipeline: null, done: [], dismissed: false });
  });
});
