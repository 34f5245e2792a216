/** What a change costs at 800 nodes: `npm exec -- vitest bench src/document` in `frontend`. */
import { test } from "vitest";
import { type Command, type Pipeline, apply } from "./commands";
import { find, judge, tidy } from "./gestures";
import { PORTS } from "./gestures/fixture";
import { arrange } from "./layout";
import { readModel } from "./model";

const NODES = 800;
const ids = Array.from({ length: NODES }, (_, i) => `node${i}`);
const wires = ids.slice(1).flatMap((to, i) => (i % 7 ? [{ from: ids[i] ?? "", to }] : [{ from: ids[Math.floor(i / 2)] ?? "", to }]));
const TEXT = `version: 1
name: large
nodes:
${ids.map((id, i) => `  - id: ${id}   # step ${i}
    component: select
    properties:
      keep: [user_id, item_id, category_id]
      compute: {price: LN(price) - ${i}, part: hour_of_day / 4}
`).join("")}edges:
${wires.map(({ from, to }) => `  - {from: ${from}, to: ${to}}\n`).join("")}`;

const start: Pipeline = { text: TEXT, layout: arrange(ids, wires) };
let step = 0;

/** Each time another value, so that nothing is known of the text that it makes. */
function does(command: (step: number) => Command): () => void {
  return () => {
    const { pipeline, inverse } = apply(start, command(step++));
    readModel(pipeline.text);
    apply(pipeline, inverse);
  };
}

const model = readModel(TEXT);
const schemas = Object.fromEntries(ids.map((id) => [id, { columns: [{ name: "user_id", type: "BIGINT" }, { name: "price", type: "DOUBLE" }] }]));

const CASES: Record<string, () => void> = {
  "the text read from nothing": () => void readModel(TEXT.replaceAll("LN", `LN${step++}`)),
  "a property, and the model of it": does((i) => ({ kind: "set_property", node: "node400", property: "compute", value: { price: `price + ${i}` } })),
  "a label": does((i) => ({ kind: "rename_label", node: "node10", label: `Label ${i}` })),
  "a node": does((i) => ({ kind: "add_node", id: `fresh${i}`, component: "filter" })),
  "a wire": does(() => ({ kind: "connect", from: "node1", to: "node799", port: "rows" })),
  "200 nodes and wires": does((i) => ({ kind: "all", commands: [
    ...ids.slice(0, 200).map((id): Command => ({ kind: "add_node", id: `${id}_${i}`, component: "filter" })),
    ...ids.slice(0, 200).map((id): Command => ({ kind: "connect", from: id, to: `${id}_${i}` }))] })),
  "ten nodes less": does(() => ({ kind: "remove_nodes", nodes: ids.slice(100, 110) })),
  "a node's name": does((i) => ({ kind: "rename_node", node: "node300", to: `other${i}` })),
  "a group": does((i) => ({ kind: "set_in", path: ["groups", 0], value: { id: `g${i}`, nodes: ["node1"] } })),
  "all ends of a wire judged": () => {
    const fresh = { ...model };
    for (const { id } of fresh.nodes) judge(fresh, PORTS, "node400", id);
  },
  "a search": () => void find(model, schemas, "hour"),
  "a layout tidied": () => void tidy(ids, wires, start.layout),
};

test.each(Object.entries(CASES))("%s", async (name, run) => {
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const began = performance.now();
    run();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  console.log(`${name}: median ${times[7]?.toFixed(2)} ms, slowest ${times.at(-1)?.toFixed(1)} ms`);
});
