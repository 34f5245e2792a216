/** For tests: components as the platform has them, and the commands of gestures done. */
import { type Command, type Pipeline, apply } from "../commands";
import { type Model, readModel } from "../model";
import { type ComponentView, type PortSpec, type Ports, type PropertyKind, type Relation, portsOf } from "./ports";

const rows = (name = "rows", more: Partial<PortSpec> = {}): PortSpec => ({ name, relation: "rows", optional: false, many: false, ...more });

const property = (text: string): PropertyKind => {
  const [name = "", kind = "", port = "", standard] = text.split(":");
  return { name, kind, port: port || null, default: standard ?? null };
};

const TABLE: Array<[family: string, name: string, inputs: PortSpec[], gives: Relation | null, properties: string]> = [
  ["sources", "event_source", [], "rows", "columns:fields computed:expressions time:column delay:duration options:options"],
  ["sources", "dimension_table", [], "dimension", "columns:fields key:column options:options"],
  ["transform", "filter", [rows()], "rows", "condition:expression:rows"],
  ["transform", "select", [rows()], "rows", "keep:columns:rows compute:expressions:rows"],
  ["transform", "union", [rows("rows", { many: true })], "rows", ""],
  ["transform", "custom_sql", [rows("rows", { many: true })], "rows", "query:query"],
  ["aggregate", "rolling_feature", [rows()], "rows", "keys:columns:rows time:time:rows within:duration features:expressions:rows"],
  ["join", "label_join", [rows("events"), rows("outcomes")], "rows", "match:columns:events time:time:events outcome_time:time:outcomes label:text::label"],
  ["join", "dimension_join", [rows(), rows("dimension", { relation: "dimension" })], "rows", "key:column:rows columns:columns:dimension"],
  ["learn", "feature_vector", [rows()], "rows", "crosses:column_lists:rows buckets:number_lists:rows features:expressions:rows keep:columns:rows vector:text::features"],
  ["learn", "train_online_model", [rows("samples")], "model", "label:column:samples:label features:column:samples:features"],
  ["learn", "predict", [rows(), rows("model", { relation: "model" })], "rows", "features:column:rows:features prediction:text::p"],
  ["sinks", "table_sink", [rows()], null, "columns:columns:rows options:options"],
  ["sinks", "metric_sink", [rows()], null, "metrics:expressions:rows where:expression:rows"],
  ["sinks", "feature_table", [rows()], null, "key:column:rows features:columns:rows"],
];

export const PORTS: Ports = portsOf(new Map(TABLE.map(([family, name, inputs, gives, properties]): [string, ComponentView] =>
  [name, { family, title: name, inputs, gives, properties: properties.split(" ").filter(Boolean).map(property) }])));

/** A document of nodes "id component {properties}" and edges "a b.port". */
export function document(nodes: readonly string[], edges: readonly string[] = [], more = ""): string {
  const items = nodes.map((node) => {
    const [id, component, ...rest] = node.split(" ");
    return `  - {id: ${id}, component: ${component}${rest.length ? `, properties: ${rest.join(" ")}` : ""}}\n`;
  });
  const wires = edges.map((edge) => `  - {from: ${edge.split(" ")[0]}, to: ${edge.split(" ")[1]}}\n`);
  return `version: 1\nname: test\nnodes:\n${items.join("")}${wires.length ? `edges:\n${wires.join("")}` : ""}${more}`;
}

export function model(nodes: readonly string[], edges: readonly string[] = [], more = ""): Model {
  return readModel(document(nodes, edges, more));
}

/** What a command makes of a pipeline; that it can be taken back to the letter is checked. */
export function made(pipeline: Pipeline, command: Command): Model & { text: string; places: Pipeline["layout"] } {
  const applied = apply(pipeline, command);
  const back = apply(applied.pipeline, applied.inverse).pipeline;
  if (JSON.stringify(back) !== JSON.stringify(pipeline)) throw new Error("the inverse does not lead back");
  return { ...readModel(applied.pipeline.text), text: applied.pipeline.text, places: applied.pipeline.layout };
}

export const wires = (of: Model): string[] => of.edges.map(({ from, to, port }) => `${from} ${port ? `${to}.${port}` : to}`);
export const ids = (of: Model): string[] => of.nodes.map((node) => node.id);
