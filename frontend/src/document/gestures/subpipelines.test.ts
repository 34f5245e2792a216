import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readModel } from "../model";
import { expandComponent, renameColumn, saveAsComponent, viewOf } from ".";
import { PORTS, document, ids, made, model, wires } from "./fixture";

const SHOP = readFileSync(new URL("../../../../examples/shop.yaml", import.meta.url), "utf8");
const shop = readModel(SHOP);
const at = (text: string, layout = {}) => ({ text, layout });

describe("nodes saved as a component", () => {
  it("are refused where rows leave at two of them", () => {
    expect(() => saveAsComponent(shop, PORTS, ["vectors", "clicks"], { name: "both" })).toThrow("one output, here are 2: vectors, clicks");
    expect(() => saveAsComponent(shop, PORTS, ["impressions", "computed"], { name: "gap" })).toThrow("“recent” lies between");
    expect(() => saveAsComponent(shop, PORTS, [], { name: "none" })).toThrow("no nodes");
    expect(() => saveAsComponent(shop, PORTS, ["clicks"], { name: "filter" })).toThrow("there is a component “filter” already");
    expect(() => saveAsComponent(shop, PORTS, ["clicks"], { name: "two words" })).toThrow("cannot be an id");
  });

  const nodes = ["labelled", "model", "predicted"];

  it("have an input for each wire that comes to them", () => {
    const saved = made(at(SHOP, { predicted: [7, 8], model: [1, 2] }), saveAsComponent(shop, PORTS, nodes, { name: "learning", title: "Learn" }).command);
    expect(saved.components[0]).toMatchObject({ title: "Learn", output: "predicted", inputs: [
      { name: "events", node: "labelled", port: "events" }, { name: "outcomes", node: "labelled", port: "outcomes" }, { name: "rows", node: "predicted", port: "rows" }] });
    expect(wires(saved).filter((wire) => wire.includes("learning")).sort()).toEqual(["clicks learning.outcomes", "learning answers", "learning predictions",
      "vectors learning.events", "vectors learning.rows"]);
    expect(saved.nodes.find((node) => node.id === "learning")).toEqual({ id: "learning", component: "learning", label: "", disabled: false, properties: {} });
    expect(saved.places).toEqual({ learning: [7, 8] });
    expect(viewOf(saved, PORTS, "learning")).toMatchObject({ gives: "rows", inputs: [{ name: "events", relation: "rows" }, { name: "outcomes" }, { name: "rows" }] });
  });

  it("come back as they were", () => {
    const saved = made(at(SHOP), saveAsComponent(shop, PORTS, nodes, { name: "learning" }).command);
    const back = made(at(saved.text), expandComponent(saved, PORTS, "learning").command);
    const sorted = (of: typeof shop) => [[...of.nodes].sort((a, b) => (a.id < b.id ? -1 : 1)), wires(of).sort()];
    expect(sorted(back)).toEqual(sorted(shop));
  });

  it("know the tables of their queries by the names inside", () => {
    const query = "{query: 'SELECT e.x FROM e JOIN `b` AS other ON e.x = other.x'}";
    const text = document(["e event_source", "b event_source", `q custom_sql ${query}`, "f filter", "out custom_sql {query: SELECT * FROM f}"],
      ["e q", "q f", "f out"], "samples:\n  f: {rows: [{x: 1}]}\n");
    const now = readModel(text);
    const saved = made(at(text), saveAsComponent(now, PORTS, ["q", "f"], { name: "inner" }).command);
    expect(saved.components[0]?.nodes[0]?.properties.query).toBe("SELECT `rows`.x FROM `rows` JOIN `b` AS other ON `rows`.x = other.x");
    expect(saved.nodes.find((node) => node.id === "out")?.properties.query).toBe("SELECT * FROM `inner`");
    expect(saved.samples[0]?.node).toBe("inner");
    const back = made(at(saved.text), expandComponent(saved, PORTS, "inner").command);
    expect(back.nodes.find((node) => node.id === "q")?.properties.query).toBe("SELECT `e`.x FROM `e` JOIN `b` AS other ON `e`.x = other.x");
  });

  it("take the values of properties when they are opened", () => {
    const text = document(["a event_source", "s scored {limit: 5}", "f filter"], ["a s", "s f"], `components:
  scored:
    inputs: {events: f.rows}
    output: t
    properties: {limit: {kind: number, default: 3}, name: {kind: text, default: best}}
    nodes:
      - {id: f, component: filter, properties: {condition: "x > \${limit}"}}
      - {id: t, component: select, properties: {keep: ["\${name}", x], n: "\${limit}", state: "\${state}"}}
    edges: [{from: f, to: t}]
`);
    const { command, ids: fresh } = expandComponent(readModel(text), PORTS, "s", { s: [100, 50] });
    const back = made(at(text, { s: [100, 50] }), command);
    expect([fresh, ids(back), wires(back)]).toEqual([["f2", "t"], ["a", "t", "f", "f2"], ["t f", "f2 t", "a f2.rows"]]);
    expect(back.nodes.find((node) => node.id === "f2")?.properties).toEqual({ condition: "x > 5" });
    expect(back.nodes.find((node) => node.id === "t")?.properties).toEqual({ keep: ["best", "x"], n: 5, state: "${state}" });
    expect(back.places.t).toEqual([100, 50]);
    expect(() => expandComponent(readModel(text), PORTS, "a")).toThrow("not of a component");
  });
});

describe("a column's new name", () => {
  const columns = (names: string) => ({ columns: names.split(" ").map((name) => ({ name, type: "BIGINT" })) });
  const through = (source: string, names: string) => Object.fromEntries(names.split(" ").map((name) => [name, [[source, name]]]));

  const text = document([
    "shop event_source {columns: {user: BIGINT, price: DOUBLE, at: TIMESTAMP(3)}, time: at, computed: {cents: price * 100}}",
    "dear filter {condition: \"price > 3 AND name <> 'price' AND f.price = 1\"}",
    "recent rolling_feature {keys: user, time: at, features: {price_sum: SUM(price), price: AVG(`price`)}}",
    "last select {keep: [price], compute: {twice: price * 2}}",
    "sql custom_sql {query: 'SELECT d.price AS cost, price(user), other.price FROM dear AS d, last AS other'}",
    "vectors feature_vector {buckets: {price: [1, 2]}, crosses: {a: [price, user]}, keep: [user]}",
    "sink table_sink {columns: [price]}",
  ], ["shop dear", "dear recent", "recent last", "dear sql", "last sql", "dear vectors", "dear sink"],
  "samples:\n  shop: {rows: [{user: 1, price: 2}]}\ntests:\n  - {name: t, given: {shop: [{price: 2}]}, expect: {dear: [{price: 2}], last: [{price: 4}]}}\n");
  const compiled = {
    schemas: { shop: columns("user price at cents"), dear: columns("user price at cents"), recent: columns("user price_sum price"), last: columns("price twice"),
      sql: columns("cost x y"), vectors: columns("user features") },
    lineage: { dear: through("shop", "user price at cents"), recent: { user: [["dear", "user"]], price: [["dear", "price"]], price_sum: [["dear", "price"]] },
      last: { price: [["recent", "price"]], twice: [["recent", "price"]] } },
  };
  const of = (now: ReturnType<typeof made>, id: string) => now.nodes.find((node) => node.id === id)?.properties;

  it("is followed to all that read it", () => {
    const { command, problems } = renameColumn(readModel(text), PORTS, compiled, "dear", "price", "cost");
    const now = made(at(text), command);
    expect(of(now, "shop")).toEqual({ columns: { user: "BIGINT", cost: "DOUBLE", at: "TIMESTAMP(3)" }, time: "at", computed: { cents: "cost * 100" } });
    expect(of(now, "dear")).toEqual({ condition: "cost > 3 AND name <> 'price' AND f.price = 1" });
    expect(of(now, "recent")?.features).toEqual({ price_sum: "SUM(cost)", price: "AVG(`cost`)" });
    expect(of(now, "last")).toEqual({ keep: ["price"], compute: { twice: "price * 2" } }); // it is another column since `recent`
    expect(of(now, "sql")?.query).toBe("SELECT d.cost AS cost, price(user), other.price FROM dear AS d, last AS other");
    expect(of(now, "vectors")).toMatchObject({ buckets: { cost: [1, 2] }, crosses: { a: ["cost", "user"] } });
    expect(of(now, "sink")).toEqual({ columns: ["cost"] });
    expect(now.samples[0]?.rows).toEqual([{ user: 1, cost: 2 }]);
    expect(now.tests[0]).toMatchObject({ given: { shop: [{ cost: 2 }] }, expect: { dear: [{ cost: 2 }], last: [{ price: 4 }] } });
    expect(problems).toEqual(["“sink” now writes “cost”"]);
  });

  it("begins where the column gets its name", () => {
    const now = made(at(text), renameColumn(readModel(text), PORTS, compiled, "last", "price", "mean").command);
    expect(of(now, "recent")?.features).toEqual({ price_sum: "SUM(price)", mean: "AVG(`price`)" });
    expect(of(now, "last")).toEqual({ keep: ["mean"], compute: { twice: "mean * 2" } });
    expect(of(now, "sql")?.query).toContain("d.price AS cost, price(user), other.mean");
    expect(of(now, "dear")).toEqual(of(readModel(text) as never, "dear"));
  });

  it("may be what a default says", () => {
    const learn = document(["e event_source", "j label_join {match: id}", "m train_online_model"], ["e j.events", "e j.outcomes", "j m"]);
    const schemas = { e: columns("id"), j: columns("id label") };
    const now = made(at(learn), renameColumn(readModel(learn), PORTS, { schemas, lineage: { j: through("e", "id") } }, "j", "label", "clicked").command);
    expect([of(now, "j"), of(now, "m")]).toEqual([{ match: "id", label: "clicked" }, { label: "clicked" }]);
  });

  it("says what it cannot follow", () => {
    expect(() => renameColumn(readModel(text), PORTS, compiled, "dear", "price", "user")).toThrow("“shop” has a column “user” already");
    expect(() => renameColumn(readModel(text), PORTS, compiled, "dear", "nothing", "x")).toThrow("where it cannot be changed");
    const two = ["a event_source {columns: {id: BIGINT}}", "b event_source {columns: {id: BIGINT}}", "j label_join {match: id}"];
    const schemas = { a: columns("id"), b: columns("id"), j: columns("id label") };
    const { problems } = renameColumn(model(two, ["a j.events", "b j.outcomes"]), PORTS, { schemas, lineage: { j: through("a", "id") } }, "a", "id", "key");
    expect(problems).toEqual(["“j” reads “id” of its other input, too: rename it there as well"]);
  });
});
