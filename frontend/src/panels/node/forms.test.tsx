// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import type { Compiled, ComponentSpec, PropertySpec } from "../../api/types";
import { settleTyping, useTyping } from "../document/typing";
import { EditorProvider, createEditor, textOf, useEditor } from "../document/editor";
import { catalogueOf } from "../canvas/catalogue";
import type { ModelNode } from "../../document/model";
import { fileOf, taking } from "./Infer";
import { Properties } from "./Properties";

vi.setConfig({ testTimeout: 60_000 });
const PATIENCE = { timeout: 30_000 };

beforeAll(() => {
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener() {}, removeEventListener() {} }));
  Element.prototype.scrollIntoView = () => undefined;
  Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
});
beforeEach(() => vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status: 200, headers: { "Content-Type": "application/json" } }))));
afterEach(cleanup);

const spec = (name: string, kind: string, more: Partial<PropertySpec> = {}): PropertySpec =>
  ({ name, kind, label: name, help: `help of ${name}`, required: false, default: null, port: "rows", limits: {}, schema: {}, ...more });

const SPECS: PropertySpec[] = [
  spec("condition", "expression", { required: true, limits: { mode: "condition" } }),
  spec("keys", "columns"),
  spec("time", "time"),
  spec("limit", "number", { default: 10, limits: { low: 1, high: 100, whole: true } }),
  spec("within", "duration"),
  spec("keep", "choice", { default: "first", limits: { options: ["first", "last"] } }),
  spec("rank", "flag", { default: false }),
  spec("fields", "fields"),
  spec("scaled", "number_lists", { limits: { length: 2 } }),
  spec("options", "options", { limits: { by: "connector", known: { filesystem: { path: { help: "where", values: [], required: true, secret: false },
    format: { help: "how", values: ["csv", "json"], required: true, secret: false } } } } }),
];

const COMPONENTS = [
  { name: "source", family: "sources", title: "Source", doc: "", details: "", ports: { inputs: [], outputs: [{ name: "rows", relation: "rows" }] }, properties: [spec("columns", "fields", { port: null })], example: {} },
  { name: "thing", family: "transform", title: "Thing", doc: "", details: "", properties: SPECS, example: {},
    ports: { inputs: [{ name: "rows", help: "", optional: false, many: false, relation: "rows" }], outputs: [{ name: "rows", relation: "rows" }] } },
] as ComponentSpec[];

const column = (name: string, type: string, time: string | null = null) => ({ name, type, time });
const COMPILED = {
  valid: false, sql: null, diagnostics: [],
  nodes: { a: { columns: [column("user", "BIGINT"), column("price", "DOUBLE"), column("seen", "TIMESTAMP(3)", "ROWTIME")], time: "seen", key: [], changelog: "I" } },
} as unknown as Compiled;

const text = (properties: string) => `version: 1\nname: x\nnodes:\n  - {id: a, component: source}\n  - {id: b, component: thing, properties: ${properties}}\nedges:\n  - {from: a, to: b}\n`;

function open(properties: string, compiled: Compiled = COMPILED) {
  const editor = createEditor({ pipeline: 1, revision: 1, document: text(properties), layout: {} });
  editor.getState().checked(textOf(editor.getState()), compiled);
  return shownForm(editor, "b", "thing");
}

function shownForm(editor: ReturnType<typeof createEditor>, id: string, component: string) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  client.setQueryData(["components"], COMPONENTS);
  client.setQueryData(["functions"], []);
  const Form = () => {
    const node = useEditor((state) => state.model.nodes.find((each) => each.id === id));
    return node ? <Properties node={node} verb={catalogueOf(COMPONENTS).get(component)} focus={null} canEdit onReveal={() => undefined} /> : null;
  };
  render(<MantineProvider env="test"><QueryClientProvider client={client}><EditorProvider value={editor}><Form /></EditorProvider></QueryClientProvider></MantineProvider>);
  const properties_ = () => editor.getState().model.nodes.find((each) => each.id === id)?.properties;
  return { editor, properties: properties_, user: userEvent.setup() };
}

const SOURCE = "version: 1\nname: x\nnodes:\n  - {id: a, component: source, properties: {columns: {user: BIGINT, price: DOUBLE}}}\n"
  + "  - {id: b, component: thing, properties: {condition: price > 3}}\nedges:\n  - {from: a, to: b}\n";

/** The form of a source whose columns others read. */
function openSource() {
  const editor = createEditor({ pipeline: 1, revision: 1, document: SOURCE, layout: {} });
  const columns = [column("user", "BIGINT"), column("price", "DOUBLE")];
  editor.getState().checked(SOURCE, { ...COMPILED, nodes: { a: { columns, time: null, key: [], changelog: "I" } }, lineage: { a: {} } } as unknown as Compiled);
  return shownForm(editor, "a", "source");
}

describe("a form", () => {
  it("writes a number, within a step of undo, and takes it back by Escape", async () => {
    const { properties, user, editor } = open("{limit: 5}");
    const field = screen.getByLabelText("limit");
    await user.clear(field);
    await user.type(field, "42");
    await waitFor(() => expect(properties()).toEqual({ limit: 42 }), PATIENCE);
    await user.type(field, "0{Escape}");
    expect(field).toHaveProperty("value", "5");
    expect(properties()).toEqual({ limit: 5 });
    await user.type(field, "1{Enter}");
    expect(properties()).toEqual({ limit: 51 });
    editor.getState().undo();
    editor.getState().undo();
    expect(properties()).toEqual({ limit: 5 });
    await user.keyboard("{ArrowUp}");
    expect(properties()).toEqual({ limit: 6 });
  });

  it("holds what is typed until it is in the document", async () => {
    const { properties, user } = open("{fields: {x: STRING}}");
    await user.type(screen.getByLabelText("Name of fields 1"), "y"); // a name waits until one is done
    expect(properties()).toEqual({ fields: { x: "STRING" } });
    expect(useTyping.getState().held.size).toBe(1);
    act(settleTyping);
    expect(properties()).toEqual({ fields: { xy: "STRING" } });
    expect(useTyping.getState().held.size).toBe(0);
  });

  it("goes back to a default", async () => {
    const { properties, user } = open("{limit: 5, keep: last}");
    await user.click(screen.getByRole("button", { name: "limit: back to the default" }));
    expect(properties()).toEqual({ keep: "last" });
    await user.click(screen.getByRole("radio", { name: "first" }));
    expect(properties()).toEqual({});
    await user.click(screen.getByRole("switch", { name: "rank" }));
    expect(properties()).toEqual({ rank: true });
  });

  it("writes durations as a number with its unit", async () => {
    const { properties, user } = open("{within: 10 minutes}");
    await user.selectOptions(screen.getByLabelText("within, unit"), "hour");
    expect(properties()).toEqual({ within: "10 hours" });
    const number = screen.getByLabelText("within");
    await user.clear(number);
    await user.type(number, "1{Enter}");
    expect(properties()).toEqual({ within: "1 hour" });
  });

  it("offers the columns that come in, marks those that do not, and puts them in an order", async () => {
    const { properties, user } = open("{keys: [user, nope]}");
    expect(screen.getByText("nope").closest("li")?.dataset.lost).toBe("true");
    await user.click(screen.getByRole("button", { name: "Remove nope" }));
    expect(properties()).toEqual({ keys: ["user"] });
    await user.click(screen.getByRole("button", { name: /^Choose keys/ }));
    await user.type(await screen.findByLabelText("Search columns", {}, PATIENCE), "doub");
    await user.click(await screen.findByRole("checkbox", { name: /price/ }, PATIENCE));
    expect(properties()).toEqual({ keys: ["user", "price"] });
    await user.keyboard("{Escape}");
    await user.click(await screen.findByRole("button", { name: "Move price forward" }, PATIENCE));
    expect(properties()).toEqual({ keys: ["price", "user"] });
  });

  it("offers times for a time, and takes any name", async () => {
    const { properties, user } = open("{}");
    await user.click(screen.getByLabelText("time"));
    const offered = await screen.findAllByRole("option", { name: /TIMESTAMP|DOUBLE/ }, PATIENCE);
    expect(offered.map((each) => each.textContent)).toEqual([expect.stringContaining("seen")]);
    await user.click(screen.getByRole("option", { name: /seen/ }));
    expect(properties()).toEqual({ time: "seen" });
  });

  it("edits fields: a name and a type each", async () => {
    const { properties, user } = open("{fields: {a: BIGINT, b: STRING}}");
    await user.click(screen.getByRole("button", { name: "Move b up" }));
    expect(Object.keys(properties()?.fields as object)).toEqual(["b", "a"]);
    const group = within(screen.getByRole("group", { name: "fields" }));
    await user.click(group.getByRole("button", { name: "Add a column" }));
    expect(properties()?.fields).toEqual({ b: "STRING", a: "BIGINT", column: "STRING" });
    const name = group.getByLabelText("Name of fields 3");
    await user.clear(name);
    await user.type(name, "a{Enter}"); // taken
    expect(properties()?.fields).toEqual({ b: "STRING", a: "BIGINT", column: "STRING" });
    await user.type(name, "ge{Enter}");
    expect(properties()?.fields).toEqual({ b: "STRING", a: "BIGINT", age: "STRING" });
  });

  it("offers the options of a connector, those that are needed first", async () => {
    const { properties, user } = open("{options: {connector: filesystem}}");
    const group = within(screen.getByRole("group", { name: "options" }));
    expect(group.getByText("It also needs path, format.")).toBeTruthy();
    await user.click(group.getByRole("button", { name: "Add an option" }));
    await user.click(group.getByRole("button", { name: "Add an option" }));
    expect(properties()?.options).toEqual({ connector: "filesystem", path: "", format: "csv" });
  });

  it("writes numbers of a column as a list", async () => {
    const { properties, user } = open("{scaled: {price: [1, 2]}}");
    const numbers = screen.getByLabelText("Numbers of price");
    await user.clear(numbers);
    await user.type(numbers, "3, 4.5{Enter}");
    expect(properties()?.scaled).toEqual({ price: [3, 4.5] });
  });

  it("shows what has no widget as it stands, and what a parameter stands for as text", () => {
    open("{keys: {a: 1}, limit: '${n}'}");
    expect(screen.getByLabelText("keys, YAML").textContent).toContain("a: 1");
    expect(screen.getByLabelText("limit")).toHaveProperty("value", "${n}");
  });

  it("mends a problem by one click, as one step", async () => {
    const fix = { label: "Use 'user' for 'usr'", commands: [{ kind: "set_property", node: "b", property: "keys", value: ["user"] }] };
    const wrong = { code: "unknown_column", severity: "error", node: "b", property: "keys", message: "'a' has no column 'usr'", hint: "did you mean 'user'?", line: 5, column: 1, fixes: [fix] };
    const { properties, user, editor } = open("{keys: [usr]}", { ...COMPILED, diagnostics: [wrong] } as unknown as Compiled);
    await user.click(screen.getByRole("button", { name: "Use 'user' for 'usr'" }));
    expect(properties()).toEqual({ keys: ["user"] });
    expect(screen.getByRole("button", { name: "Use 'user' for 'usr'" })).toHaveProperty("disabled", true); // of a text that is no more
    editor.getState().undo();
    expect(properties()).toEqual({ keys: ["usr"] });
  });
});

describe("the name of a source's column", () => {
  it("follows to where it is read", async () => {
    const { user, editor } = openSource();
    const name = screen.getByLabelText("Name of columns 2");
    await user.clear(name);
    await user.type(name, "cost{Enter}");
    expect(editor.getState().model.nodes.map((node) => node.properties)).toEqual([{ columns: { user: "BIGINT", cost: "DOUBLE" } }, { condition: "cost > 3" }]);
    editor.getState().undo();
    expect(textOf(editor.getState())).toBe(SOURCE);
  });
});

describe("a file's columns", () => {
  const source = (properties: Record<string, unknown>) => ({ id: "s", component: "event_source", label: "", properties, range: [0, 0] }) as unknown as ModelNode;
  const found = { format: "csv", path: "/x.csv", records: 3, time: "at", options: { "csv.header": "true" },
    columns: [{ name: "user", type: "BIGINT", examples: [] }, { name: "at", type: "TIMESTAMP(3)", examples: [] }] };

  it("are asked for where there is a file", () => {
    expect(fileOf(source({ options: { connector: "filesystem", path: "${dir}/x.csv", format: "csv" } }), { dir: "/data" }))
      .toEqual({ connector: "filesystem", path: "/data/x.csv", format: "csv" });
    expect(fileOf(source({ path: "items.json", format: "json" }), {})).toEqual({ path: "items.json", format: "json" });
    expect([fileOf(source({ options: { connector: "kafka" } }), {}), fileOf(source({}), {})]).toEqual([null, null]);
  });

  it("are taken with the time and what reading them needs", () => {
    const set = (property: string, value: unknown) => ({ kind: "set_property", node: "s", property, value });
    const options = { connector: "filesystem", path: "/x.csv" };
    expect(taking(source({ options }), found, true)).toEqual({ kind: "all", commands: [set("columns", { user: "BIGINT", at: "TIMESTAMP(3)" }), set("time", "at"),
      set("options", { ...options, "csv.header": "true" })] });
    expect(taking(source({ options, time: "other" }), { ...found, options: {} }, true)).toMatchObject({ commands: [{ property: "columns" }] });
  });
});
