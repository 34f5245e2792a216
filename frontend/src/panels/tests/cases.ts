/** Tests of the document: what is changed about them, as commands, and what their grids need. Pure. */

import type { PreviewColumn } from "../../api/preview";
import type { Compiled } from "../../api/types";
import type { Command } from "../../document/commands";
import { type Model, type ModelTest, type Row, record, valueOf } from "../../document/model";
import { parseYaml } from "../../document/yaml";

export type Part = "given" | "expect";

/** The place of a test in the document's list; -1 where it has none of that name. */
function placeOf(text: string, name: string): number {
  const { tests } = valueOf(parseYaml(text));
  return Array.isArray(tests) ? tests.findIndex((each) => record(each).name === name) : -1;
}

function listed(text: string): number | null {
  const { tests } = valueOf(parseYaml(text));
  return Array.isArray(tests) ? tests.length : null;
}

/** The command that adds a test at the end. */
export function addTest(text: string, value: Partial<ModelTest> & Pick<ModelTest, "name" | "expect">): Command {
  const count = listed(text);
  return count === null ? { kind: "set_in", path: ["tests"], value: [value] } : { kind: "set_in", path: ["tests", count], value };
}

/** The test that a preview shows: these rows given, those expected of a node. */
export function testFromPreview(text: string, name: string, given: Record<string, Row[]>, node: string, rows: Row[]): Command {
  return addTest(text, { name, given, expect: { [node]: rows } });
}

/** A new test gives each source what is pinned to it, and expects nothing of the node yet. */
export function newTest(model: Model, name: string, sources: readonly string[], node: string): Partial<ModelTest> & Pick<ModelTest, "name" | "expect"> {
  const pinned = new Map(model.samples.map((sample) => [sample.node, sample.rows]));
  return { name, given: Object.fromEntries(sources.map((source) => [source, pinned.get(source) ?? []])), expect: { [node]: [] } };
}

/** The command that sets a field of a test; undefined: it goes. Null where there is no such test. */
export function setField(text: string, name: string, field: "name" | "ordered", value: unknown): Command | null {
  const at = placeOf(text, name);
  return at < 0 ? null : { kind: "set_in", path: ["tests", at, field], value };
}

/** The rows that a test gives a source, or expects of a node; undefined: they are not said any more. */
export function setRows(text: string, name: string, part: Part, node: string, rows: Row[] | undefined): Command | null {
  const at = placeOf(text, name);
  if (at < 0) return null;
  const { tests } = valueOf(parseYaml(text));
  const there = record((tests as unknown[])[at])[part];
  return there === undefined || there === null
    ? { kind: "set_in", path: ["tests", at, part], value: { [node]: rows ?? [] } }
    : { kind: "set_in", path: ["tests", at, part, node], value: rows };
}

export function removeTest(text: string, name: string): Command | null {
  const at = placeOf(text, name);
  if (at < 0) return null;
  return { kind: "set_in", path: listed(text) === 1 ? ["tests"] : ["tests", at] };
}

/** A name that no test has yet. */
export function freeName(model: Model, base: string): string {
  const taken = new Set(model.tests.map((each) => each.name));
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base} ${number}`;
  return name;
}

const KINDS: ReadonlyArray<readonly [RegExp, PreviewColumn["kind"]]> = [
  [/^(TINYINT|SMALLINT|INT|INTEGER|BIGINT)\b/, "whole"],
  [/^(DECIMAL|NUMERIC|FLOAT|DOUBLE|REAL)\b/, "number"],
  [/^BOOLEAN\b/, "truth"],
  [/^TIMESTAMP/, "moment"],
  [/^DATE\b/, "date"],
  [/^TIME\b/, "time"],
  [/^(ARRAY|MAP|MULTISET|ROW)\b/, "nested"],
];

/** The columns of a node as a grid needs them: those the compiler knows, else those that the rows have. */
export function columnsOf(compiled: Compiled | null, node: string, rows: readonly Row[]): PreviewColumn[] {
  const known = compiled?.nodes[node]?.columns ?? [];
  const typed = known.filter((column) => column.time !== "PROCTIME").map(({ name, type, time }): PreviewColumn => (
    { name, type, kind: KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? "text", nullable: !type.endsWith("NOT NULL"), time }));
  const more = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => !known.some((column) => column.name === name));
  return [...typed, ...more.map((name): PreviewColumn => ({ name, type: "STRING", kind: "text", nullable: true, time: null }))];
}
