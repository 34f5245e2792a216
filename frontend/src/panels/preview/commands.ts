/** What a preview changes in the document: rows pinned to a source, a test made of what is seen. Pure. */

import type { PreviewAnswer } from "../../api/preview";
import type { Command } from "../../document/commands";
import type { Model } from "../../document/model";
import { type Objects, folded, objectsOf } from "./rows";

/** Rows that a click pins at most: a document is read by people. */
export const PINNED = 50;
/** Rows that a test is given, and may expect, at most. */
const TESTED = 200;

export function pin(model: Model, source: string, rows: Objects): Command {
  return keep("samples", source, { rows }, model.samples.length > 0);
}

export function unpin(model: Model, source: string): Command {
  const last = model.samples.length === 1 && model.samples[0]?.node === source;
  return { kind: "set_in", path: last ? ["samples"] : ["samples", source] };
}

function keep(field: string, name: string, value: unknown, there: boolean): Command {
  return there ? { kind: "set_in", path: [field, name], value } : { kind: "set_in", path: [field], value: { [name]: value } };
}

/** A test that gives the sources what is pinned to them, and expects what the node gives now; null where nothing is pinned. */
export function testOf(model: Model, answer: PreviewAnswer, name: string): Command | null {
  const { node, output } = answer;
  const given = Object.fromEntries(model.samples.flatMap((sample) => (sample.rows.length && answer.nodes[sample.node] ? [[sample.node, sample.rows.slice(0, TESTED)]] : [])));
  if (!node || !output || Object.keys(given).length === 0) return null;
  const expected = output.kinds ? folded(output) : objectsOf(output);
  const value = { name, given, expect: { [node]: expected.slice(0, TESTED) } };
  return model.tests.length ? { kind: "set_in", path: ["tests", model.tests.length], value } : { kind: "set_in", path: ["tests"], value: [value] };
}

/** A name that no test has yet. */
export function freshName(model: Model, base: string): string {
  const taken = new Set(model.tests.map((each) => each.name));
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) if (!taken.has(`${base} ${number}`)) return `${base} ${number}`;
}
