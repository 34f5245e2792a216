/** The examples read in Chinese: all of their prose, and nothing else of them. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";

import { documentSaid, proseOf } from "./documents";
import { speak } from "./index";
import texts from "./zh/documents/examples.json";

const EXAMPLES = join(import.meta.dirname, "..", "..", "..", "examples");
const files = ["", "templates"].flatMap((folder) => readdirSync(join(EXAMPLES, folder)).filter((name) => name.endsWith(".yaml")).map((name) => join(EXAMPLES, folder, name)));
const documents = files.map((file) => readFileSync(file, "utf-8"));

beforeAll(() => {
  Object.assign(globalThis, { document: { documentElement: {} } });
  return speak("zh");
});
afterAll(() => speak("en"));

it("has each text of the examples, and no others", () => {
  const used = new Set(documents.flatMap((text) => proseOf(text).map((each) => each.says)));
  expect([...used].filter((each) => !(each in texts))).toEqual([]);
  expect(Object.keys(texts).filter((each) => !used.has(each))).toEqual([]);
});

it.each(documents)("changes prose only: %#", (text) => {
  const spoken = documentSaid(text);
  expect(proseOf(spoken).every(({ says }) => /[\u3400-\u9fff]/.test(says))).toBe(true);
  const prose: Record<string, string> = texts;
  const inChinese = (value: unknown): unknown => (typeof value === "string" ? prose[value.trim()] ?? value
    : Array.isArray(value) ? value.map(inChinese)
      : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, inChinese(each)])) : value);
  const trimmed = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, each: unknown) => (typeof each === "string" ? each.trim() : each)));
  expect(trimmed(parse(spoken))).toEqual(trimmed(inChinese(parse(text))));
  expect(spoken.split("\n").length).toBeLessThanOrEqual(text.split("\n").length);
});
