import { expect, test } from "vitest";

import { templatesOf, translated } from "./templates";

const texts = templatesOf({
  "nothing": "没有",
  "'{}' has no column '{}'": "“{0}”没有列“{1}”",
  "'{}' has no input": "“{0}”没有输入",
  "column {} of {}": "{1} 的列 {0}",
});

test("texts without holes are looked up, others matched with what stands in their holes", () => {
  expect(translated(texts, "nothing")).toBe("没有");
  expect(translated(texts, "'clicks' has no column 'usr'")).toBe("“clicks”没有列“usr”");
  expect(translated(texts, "column a of b")).toBe("b 的列 a");
  expect(translated(texts, "'a\nb' has no input")).toBe("“a\nb”没有输入");
});

test("what is not known stays as it is", () => {
  expect(translated(texts, "something else")).toBe("something else");
  expect(translated(texts, "'x' has no columns at all")).toBe("'x' has no columns at all");
});
