// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  sessionStorage.clear();
  vi.resetModules();
});

test("what was typed is there again after a reload", async () => {
  const before = await import("./drafts");
  before.beginDraft(7, "SELECT 1", "version: 1");
  before.typeDraft(7, "SELECT 2");
  before.failDraft(7, new Error("refused"));
  vi.resetModules();
  const after = await import("./drafts");
  expect(after.useDrafts.getState()).toEqual({ 7: { text: "SELECT 2", sql: "SELECT 1", document: "version: 1" } });
  after.endDraft(7);
  vi.resetModules();
  expect((await import("./drafts")).useDrafts.getState()).toEqual({});
});

test.each(["{", "null", '{"7": {"text": 3}}', "[1]"])("what is kept and is none counts for nothing: %s", async (kept) => {
  sessionStorage.setItem("porsche.sql", kept);
  expect((await import("./drafts")).useDrafts.getState()).toEqual({});
});
