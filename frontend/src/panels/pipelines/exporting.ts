/** A pipeline as a file that has all of it: its document, and where its nodes are drawn. */

import { request } from "../../api/client";
import { fetchWorkingCopy } from "../../api/workingCopy";
import { apply } from "../../document/commands";
import { type Layout, readModel } from "../../document/model";

/** The document with its layout; as it is where it cannot be read, or brings its own along. */
export function withLayout(text: string, layout: Layout): string {
  const model = readModel(text);
  if (model.problems.length || Object.keys(model.layout).length || !Object.keys(layout).length) return text;
  const known = Object.fromEntries(Object.entries(layout).map(([id, place]) => [id, place.map((part) => Math.round(part))]));
  return apply({ text, layout }, { kind: "set_in", path: ["layout"], value: known }).pipeline.text;
}

export async function exportText(pipeline: number): Promise<string> {
  const { text, layout } = await fetchWorkingCopy(pipeline);
  return withLayout(text, layout);
}

/** Saves a text as a file of the person's. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Puts the nodes of a new pipeline where those of another are. */
export const copyLayout = (pipeline: number, layout: Layout): Promise<unknown> => request("PUT", `pipelines/${pipeline}/layout`, { body: layout });
