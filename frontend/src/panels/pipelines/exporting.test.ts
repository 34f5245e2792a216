import { expect, it } from "vitest";

import { readModel } from "../../document/model";
import { withLayout } from "./exporting";

const TEXT = "# mine\nname: p\nnodes:\n  - {id: a, component: filter}\n";

it("brings along where nodes are drawn, and nothing else changes", () => {
  const text = withLayout(TEXT, { a: [10.4, -3], note: [1, 2, 30, 40] });
  expect(text.startsWith(TEXT)).toBe(true);
  expect(readModel(text).layout).toEqual({ a: [10, -3], note: [1, 2, 30, 40] });
});

it("leaves alone what has a layout, has none to bring, or is no YAML", () => {
  for (const text of [`${TEXT}layout: {a: [1, 2]}\n`, "name: ["]) expect(withLayout(text, { a: [5, 6] })).toBe(text);
  expect(withLayout(TEXT, {})).toBe(TEXT);
});
