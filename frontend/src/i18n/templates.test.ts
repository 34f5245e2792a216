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

test("what stands in holes is translated, too", () => {
  const nested = templatesOf({ "{} is not supported": "不支持{0}", "a {} JOIN with a view": "与视图的 {0} JOIN" });
  expect(translated(nested, "a LEFT JOIN with a view is not supported")).toBe("不支持与视图的 LEFT JOIN");
});

test("what is not known stays as it is", () => {
  expect(translated(texts, "something else")).toBe("something else");
  expect(translated(texts, "'x' has no columns at all")).toBe("'x' has no columns at all");
});
