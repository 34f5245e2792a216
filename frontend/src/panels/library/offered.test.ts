import { expect, it } from "vitest";

import type { LibraryComponent } from "../../api/library";
import type { ComponentSpec } from "../../api/types";
import { successors } from "../../document/gestures";
import { readModel } from "../../document/model";
import { type Catalogue, catalogueOf } from "../canvas/catalogue";
import { portsFor } from "../canvas/desk";
import { withLibrary } from "./offered";

const port = { help: "", optional: false, many: false, relation: "rows" as const };
const spec = (name: string, family: string, inputs: string[]): ComponentSpec => ({ name, family, title: name, doc: "", details: "", properties: [], example: {},
  ports: { inputs: inputs.map((each) => ({ name: each, ...port })), outputs: [{ name: "rows", relation: "rows" }] } } as unknown as ComponentSpec);
const known: Catalogue = catalogueOf([spec("source", "sources", []), spec("filter", "transform", ["rows"])]);
const kept = (name: string): LibraryComponent => ({ name, version: 2, author: null, created_at: "", declaration: spec(name, "own", ["rows"]), components: { [name]: {} } });

it("components of the library are offered and ranked beside the others", () => {
  const all = withLibrary(known, [kept("cheap"), kept("filter")]);
  expect([...all].map(([name, verb]) => [name, verb.family, verb.kept?.version])).toEqual([
    ["source", "sources", undefined], ["filter", "transform", undefined], ["cheap", "library", 2]]); // what is known goes before one of the library
  const model = readModel("nodes: [{id: s, component: source}]");
  expect(successors(model, portsFor(all), "s")).toEqual([{ component: "filter", port: "rows" }, { component: "cheap", port: "rows" }]);
});

it("without any the catalogue stays the same object", () => {
  expect(withLibrary(known, [])).toBe(known);
  expect(withLibrary(new Map(), [kept("cheap")]).size).toBe(0);
});
