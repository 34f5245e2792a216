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

/** Code in a text: calls, brackets, holes, schemes. */
const CODE = /[A-Za-z0-9_]+\([^()]*\)|\[[^[\]]*\]|\{[^{}]*\}|\b[A-Za-z0-9_]+:(?=、|$| )/g;
const NARROW = /[\u3400-\u9fff”》）] *[,:;?!()]|[,:;?!()] *[\u3400-\u9fff“《（]/;

test("Chinese texts have the punctuation of Chinese: what stands beside a character is as wide", () => {
  const platform = join(SRC, "i18n", "zh", "server");
  const told = readdirSync(platform).flatMap((name) => Object.values(JSON.parse(readFileSync(join(platform, name), "utf-8")) as Record<string, string>));
  expect([...Object.values(known()), ...told].filter((text) => NARROW.test(text.replaceAll(CODE, "x")))).toEqual([]);
  expect(["变化({count})", "新增,删除", "删除“{name}”?"].filter((text) => !NARROW.test(text.replaceAll(CODE, "x")))).toEqual([]);
});
