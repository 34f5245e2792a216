/** Commands that are several changes at once: a node under another name, nodes switched off and on. */
import { t } from "../i18n";
import type { Command, Pipeline } from "./commands";
import { CommandError } from "./errors";
import { type Model, readModel } from "./model";
import type { Step } from "./reach";
import { renameTables } from "./sql";

/** What renaming a node changes: the node, its edges, groups, samples, tests, the queries that read it, its place. */
export function renaming(pipeline: Pipeline, node: string, to: string): Command[] {
  const model = readModel(pipeline.text);
  if (!model.nodes.some((each) => each.id === node)) throw new CommandError(t("there is no node “{node}”", { node }));
  if (node === to) return [];
  if (!isId(to)) throw new CommandError(t("“{id}” cannot be an id: a letter first, then letters, digits and single _", { id: to }));
  if (model.nodes.some((each) => each.id === to)) throw new CommandError(t("there is a node “{node}” already", { node: to }));
  const place = pipeline.layout[node];
  const moved: Command[] = place ? [{ kind: "move_nodes", positions: { [node]: null, [to]: place } }] : [];
  return [...mentions(model, node, to), ...moved];
}

/** Whether a text can be a node's id. */
export function isId(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(text) && !text.includes("__");
}

function mentions(model: Model, node: string, to: string): Command[] {
  const found: Command[] = [];
  const set = (path: readonly Step[], value: unknown) => found.push({ kind: "set_in", path, value });
  const key = <T>(fields: Record<string, T>) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name === node ? to : name, value]));
  const names = new Map([[node, to]]);
  model.edges.forEach((edge, i) => {
    if (edge.from === node) set(["edges", i, "from"], to);
    if (edge.to === node) set(["edges", i, "to"], edge.port ? `${to}.${edge.port}` : to);
  });
  model.nodes.forEach((each, i) => {
    if (each.id === node) set(["nodes", i, "id"], to);
    else if (typeof each.properties.query === "string" && model.edges.some((edge) => edge.from === node && edge.to === each.id)) {
      const query = renameTables(each.properties.query, names);
      if (query !== each.properties.query) set(["nodes", i, "properties", "query"], query);
    }
  });
  model.groups.forEach((group, i) => group.nodes.forEach((each, j) => each === node && set(["groups", i, "nodes", j], to)));
  const sample = model.samples.find((each) => each.node === node);
  if (sample) {
    set(["samples", node], undefined);
    set(["samples", to], sample.file ? { file: sample.file.path, format: sample.file.format } : { rows: sample.rows });
  }
  model.tests.forEach((test, i) => {
    if (node in test.given) set(["tests", i, "given"], key(test.given));
    if (node in test.expect) set(["tests", i, "expect"], key(test.expect));
  });
  if (model.layout[node]) {
    set(["layout", to], model.layout[node]);
    set(["layout", node], undefined);
  }
  return found;
}

/** Nodes switched off, or on again. */
export function disabling(text: string, nodes: readonly string[], disabled: boolean): Command[] {
  const model = readModel(text);
  return nodes.flatMap((id): Command[] => {
    const index = model.nodes.findIndex((node) => node.id === id);
    if (index < 0) throw new CommandError(t("there is no node “{node}”", { node: id }));
    if (model.nodes[index]?.disabled === disabled) return [];
    return [{ kind: "set_in", path: ["nodes", index, "disabled"], value: disabled ? true : undefined }];
  });
}
