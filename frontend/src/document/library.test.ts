import { expect, test } from "vitest";

import { apply } from "./commands";
import { copying, outdated, taken } from "./library";
import { readModel } from "./model";

const CHEAP = { title: "Cheap ones", inputs: { rows: "kept" }, output: "kept", nodes: [{ id: "kept", component: "filter" }] };
const OUTER = { inputs: { rows: "inner" }, output: "inner", nodes: [{ id: "inner", component: "cheap" }] };
const EMPTY = "version: 1\nname: p\nnodes: []\n";
const put = (text: string, command: ReturnType<typeof copying>["command"]) => (command ? apply({ text, layout: {} }, command).pipeline.text : text);

test("a component is copied with those inside it, and taken along again", () => {
  const kept = { name: "outer", version: 3, components: { outer: OUTER, cheap: CHEAP } };
  const { command, clashing } = copying(EMPTY, kept);
  const text = put(EMPTY, command);
  expect(clashing).toEqual([]);
  expect(readModel(text).components.map((each) => each.name)).toEqual(["outer", "cheap"]);
  expect(taken(text, "outer")).toEqual({ outer: { ...OUTER, version: 3 }, cheap: CHEAP });
  expect(taken(text, "cheap")).toEqual({ cheap: CHEAP });
  expect(taken(text, "nothing")).toBeNull();
  expect(copying(text, kept)).toEqual({ command: null, clashing: [] });
});

test("a newer version is offered, and takes the place of the older one", () => {
  const text = put(EMPTY, copying(EMPTY, { name: "cheap", version: 1, components: { cheap: CHEAP } }).command);
  const newer = { name: "cheap", version: 2, components: { cheap: { ...CHEAP, title: "Cheaper" } } };
  expect(outdated(text, [newer])).toEqual([newer]);
  const { command, clashing } = copying(text, newer);
  expect(clashing).toEqual([]);
  const updated = put(text, command);
  expect(readModel(updated).components[0]?.title).toBe("Cheaper");
  expect(outdated(updated, [newer])).toEqual([]);
});

test("a component of the document's own that has the name is not replaced unsaid", () => {
  const text = "version: 1\nname: p\ncomponents:\n  cheap: {title: Mine, nodes: []}\n";
  expect(outdated(text, [{ name: "cheap", version: 9, components: { cheap: CHEAP } }])).toEqual([]);
  expect(copying(text, { name: "cheap", version: 9, components: { cheap: CHEAP } }).clashing).toEqual(["cheap"]);
});
