/** Every text of the pages has its translation, and every translation its text. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "..");
const CALL = /\b(?:t|msg|plural)\(\s*(?:[^"'`()]*?,\s*)?("(?:[^"\\]|\\.)*")(?:\s*,\s*("(?:[^"\\]|\\.)*"))?/g;

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === "generated" ? [] : files(path);
    return /\.tsx?$/.test(name) && !/\.test\./.test(name) ? [path] : [];
  });
}

function used(): Set<string> {
  const found = new Set<string>();
  for (const path of files(SRC).filter((each) => !each.endsWith(join("i18n", "index.ts")))) {
    for (const [, one, other] of readFileSync(path, "utf-8").matchAll(CALL)) {
      for (const text of [one, other]) if (text) found.add(JSON.parse(text) as string);
    }
  }
  return found;
}

function known(): Record<string, string> {
  const folder = join(SRC, "i18n", "zh");
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.assign({}, ...names.map((name) => JSON.parse(readFileSync(join(folder, name), "utf-8")) as object)) as Record<string, string>;
}

const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test("every text has a Chinese one", () => {
  const texts = known();
  expect([...used()].filter((text) => !(text in texts))).toEqual([]);
});

test("every Chinese text is used, and fills the same holes", () => {
  const texts = known();
  const all = used();
  expect(Object.keys(texts).filter((text) => !all.has(text))).toEqual([]);
  expect(Object.entries(texts).filter(([text, zh]) => holes(zh).some((hole) => !holes(text).includes(hole)))).toEqual([]);
});
