/** Wires: whether one can be, and making it. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import type { Model, ModelEdge } from "../model";
import { graphOf } from "./graph";
import { type ComponentView, type PortSpec, type Ports, type Relation, nodeView } from "./ports";
import { reaches } from "./walk";

/** The input a wire would end at, or why it cannot be. */
export type Judgement = { port: string; why?: undefined } | { why: string; port?: undefined };

/** Whether a wire can go from a node to another one (to this input of it). */
export function judge(model: Model, ports: Ports, from: string, to: string, port?: string): Judgement {
  const [source, target] = [nodeView(model, ports, from), nodeView(model, ports, to)];
  if (!source || !target) return { why: t("“{node}” is of a component that nobody knows", { node: source ? to : from }) };
  if (from === to) return { why: t("a node cannot feed itself") };
  if (!source.gives) return { why: t("“{node}” has no output", { node: from }) };
  if (!target.inputs.length) return { why: t("“{node}” has no input", { node: to }) };
  const candidates = port ? target.inputs.filter((each) => each.name === port) : target.inputs;
  if (!candidates.length) return { why: t("“{node}” has no input “{port}”", { node: to, port: port ?? "" }) };
  const fitting = candidates.filter((each) => each.relation === source.gives);
  if (!fitting.length) return { why: misfit(source.gives, candidates) };
  const at = fitting.map((spec) => ({ spec, taken: takers(model, ports, to, spec.name) }));
  if (at.some(({ taken }) => taken.includes(from))) return { why: t("they are connected already") };
  const free = at.find(({ spec, taken }) => spec.many || !taken.length);
  if (!free) return { why: t("the input “{port}” has a wire already, from “{node}”", { port: at[0]?.spec.name ?? "", node: at[0]?.taken[0] ?? "" }) };
  if (reaches(model, to, from)) return { why: t("that would be a circle: “{to}” feeds “{from}”", { to, from }) };
  return { port: free.spec.name };
}

function misfit(gives: Relation, candidates: readonly PortSpec[]): string {
  const [port] = candidates;
  const values = { port: port?.name ?? "", takes: relationName(port?.relation ?? "rows"), gives: relationName(gives) };
  return t("the input “{port}” takes {takes}, this is {gives}", values);
}

function relationName(relation: Relation): string {
  return { rows: () => t("rows"), dimension: () => t("a dimension table"), model: () => t("a model") }[relation]();
}

/** The nodes whose wires end at an input. */
export function takers(model: Model, ports: Ports, node: string, port: string): string[] {
  return (graphOf(model).into.get(node) ?? []).filter((edge) => portOfEdge(model, ports, edge) === port).map((edge) => edge.from);
}

/** The input that a wire ends at: the one it names, else the first that takes what its source gives. */
export function portOfEdge(model: Model, ports: Ports, edge: ModelEdge): string {
  return edge.port || fittingPort(nodeView(model, ports, edge.to), nodeView(model, ports, edge.from)?.gives ?? "rows")?.name || "";
}

function fittingPort(target: ComponentView | undefined, gives: Relation): PortSpec | undefined {
  return target?.inputs.find((port) => port.relation === gives) ?? target?.inputs[0];
}

/** A wire from a node to another one. CommandError says why it cannot be. */
export function connectWire(model: Model, ports: Ports, from: string, to: string, port?: string): Command {
  const judged = judge(model, ports, from, to, port);
  if (judged.why !== undefined) throw new CommandError(judged.why);
  return { kind: "connect", from, to, port: written(nodeView(model, ports, to), judged.port) };
}

/** A port as an edge writes it: not at all where there is but one. */
export function written(target: ComponentView | undefined, port: string): string {
  return (target?.inputs.length ?? 0) > 1 ? port : "";
}

/** One end of a wire goes elsewhere. */
export function reconnect(model: Model, ports: Ports, edge: ModelEdge, ends: { from?: string; to?: string; port?: string }): Command {
  const without = { ...model, edges: model.edges.filter((each) => each !== edge && !sameEdge(each, edge)) };
  const port = ends.port ?? (ends.to === undefined || ends.to === edge.to ? edge.port : "");
  const made = connectWire(without, ports, ends.from ?? edge.from, ends.to ?? edge.to, port || undefined);
  return { kind: "all", commands: [{ kind: "disconnect", ...edge }, made] };
}

export function sameEdge(a: ModelEdge, b: ModelEdge): boolean {
  return a.from === b.from && a.to === b.to && a.port === b.port;
}
