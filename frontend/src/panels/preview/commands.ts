/** What a preview changes in the document: rows pinned to a source, a test made of what is seen. Pure. */

import type { PreviewAnswer } from "../../api/preview";
import type { Command } from "../../document/commands";
import type { Model, Row } from "../../document/model";
import { type Objects, folded, objectsOf } from "./rows";

/** Rows that a click pins at most: a document is read by people. */
export const PINNED = 50;
/** Rows that a test is given, and may expect, at most. */
const TESTED = 200;

export function pin(model: Model, source: string, rows: Objects): Command {
  return keep("samples", source, { rows }, model.samples.length > 0);
}

/** The rows of a file in place of the source's own: CSV where it is called so, else a JSON object a line. */
export function sampleFile(model: Model, source: string, path: string): Command {
  const format = /\.csv(\.gz)?$/i.test(path) ? "csv" : "json";
  return keep("samples", source, { file: { path, format } }, model.samples.length > 0);
}

export function unpin(model: Model, source: string): Command {
  const last = model.samples.length === 1 && model.samples[0]?.node === source;
  return { kind: "set_in", path: last ? ["samples"] : ["samples", source] };
}

function keep(field: string, name: string, value: unknown, there: boolean): Command {
  return there ? { kind: "set_in", path: [field, name], value } : { kind: "set_in", path: [field], value: { [name]: value } };
}

/** Rows that a test gives the sources, and those that the node gives for them; null where nothing is pinned. */
export function testedBy(model: Model, answer: PreviewAnswer): { given: Record<string, Row[]>; node: string; rows: Row[] } | null {
  const { node, output } = answer;
  const given = Object.fromEntries(model.samples.flatMap((sample) => (sample.rows.length && answer.nodes[sample.node] ? [[sample.node, sample.rows.slice(0, TESTED)]] : [])));
  if (!node || !output || Object.keys(given).length === 0) return null;
  const rows = output.kinds ? folded(output) : objectsOf(output);
  return { given, node, rows: rows.slice(0, TESTED) };
}
