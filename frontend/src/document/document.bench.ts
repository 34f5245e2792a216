/** What a change costs at 800 nodes: `npm exec -- vitest bench src/document` in `frontend`. */
import { bench, describe } from "vitest";
import { type Command, type Pipeline, apply } from "./commands";
import { find, tidy } from "./gestures";
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
function does(name: string, command: (step: number) => Command): void {
  bench(name, () => {
    const { pipeline, inverse } = apply(start, command(step++));
    readModel(pipeline.text);
    apply(pipeline, inverse);
  });
}

describe(`${NODES} nodes, ${Math.round(TEXT.length / 1024)} KB`, () => {
  bench("the text read from nothing", () => {
    readModel(`${TEXT.replaceAll("LN", `LN${step++}`)}`);
  });
  does("a property, and the model of it", (i) => ({ kind: "set_property", node: "node400", property: "compute", value: { price: `price + ${i}` } }));
  does("a label", (i) => ({ kind: "rename_label", node: "node10", label: `Label ${i}` }));
  does("a node", (i) => ({ kind: "add_node", id: `fresh${i}`, component: "filter" }));
  does("a wire", () => ({ kind: "connect", from: "node1", to: "node799", port: "rows" }));
  does("ten nodes less", () => ({ kind: "remove_nodes", nodes: ids.slice(100, 110) }));
  does("a node's name", (i) => ({ kind: "rename_node", node: "node300", to: `other${i}` }));
  does("a group", (i) => ({ kind: "set_in", path: ["groups", 0], value: { id: `g${i}`, nodes: ["node1"] } }));
  const model = readModel(TEXT);
  const schemas = Object.fromEntries(ids.map((id) => [id, { columns: [{ name: "user_id", type: "BIGINT" }, { name: "price", type: "DOUBLE" }] }]));
  bench("a search", () => {
    find(model, schemas, "hour");
  });
  bench("a layout tidied", () => {
    tidy(ids, wires, start.layout);
  });
});
