// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, expect, it, vi } from "vitest";

import type { Compiled, ComponentSpec } from "../../api/types";
import { EditorProvider, createEditor, textOf } from "../document/editor";
import { Columns } from "./Columns";

vi.setConfig({ testTimeout: 60_000 });

beforeAll(() => {
  vi.stubGlobal("ResizeObserver", class { observe() {} unobserve() {} disconnect() {} });
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener() {}, removeEventListener() {} }));
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status: 200, headers: { "Content-Type": "application/json" } })));
});
afterEach(cleanup);

const ports = (takes: boolean) => ({ inputs: takes ? [{ name: "rows", help: "", optional: false, many: false, relation: "rows" }] : [], outputs: [{ name: "rows", relation: "rows" }] });
const property = (name: string, kind: string, port: string | null) => ({ name, kind, port, label: name, help: "", required: false, default: null, limits: {}, schema: {} });
const COMPONENTS = [
  { name: "source", family: "sources", title: "Source", doc: "", details: "", example: {}, ports: ports(false), properties: [property("columns", "fields", null)] },
  { name: "filter", family: "transform", title: "Filter", doc: "", details: "", example: {}, ports: ports(true), properties: [property("condition", "expression", "rows")] },
] as unknown as ComponentSpec[];

const TEXT = "version: 1\nname: x\nnodes:\n  - {id: a, component: source, properties: {columns: {user: BIGINT, price: DOUBLE}}}\n"
  + "  - {id: b, component: filter, properties: {condition: price > 3}}\nedges:\n  - {from: a, to: b}\n";
const columns = ["user", "price"].map((name) => ({ name, type: "BIGINT", time: null }));
const schema = { columns, time: null, key: [], changelog: "I" };
const COMPILED = { valid: true, sql: "SELECT", diagnostics: [], nodes: { a: schema, b: schema }, lineage: { a: {}, b: { user: [["a", "user"]], price: [["a", "price"]] } } } as unknown as Compiled;

it("renames a column from where it gets its name to where it is read, in one step", async () => {
  const editor = createEditor({ pipeline: 1, revision: 1, document: TEXT, layout: {} });
  editor.getState().checked(textOf(editor.getState()), COMPILED);
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  client.setQueryData(["components"], COMPONENTS);
  render(<MantineProvider env="test"><QueryClientProvider client={client}><EditorProvider value={editor}>
    <Columns node="b" canEdit onSelect={() => undefined} />
  </EditorProvider></QueryClientProvider></MantineProvider>);
  const user = userEvent.setup();
  await user.click(screen.getByRole("button", { name: "price" }));
  const field = screen.getByLabelText("New name of price");
  await user.clear(field);
  await user.type(field, "user{Enter}");
  expect(screen.getByText("“a” has a column “user” already")).toBeTruthy();
  await user.clear(field);
  await user.type(field, "cost{Enter}");
  expect(textOf(editor.getState())).toBe(TEXT.replace("price: DOUBLE", "cost: DOUBLE").replace("price > 3", "cost > 3"));
  const status = screen.getByText("cost is its name here and wherever it is read.").closest("[role=status]");
  expect(document.activeElement).toBe(status);
  editor.getState().undo();
  expect(textOf(editor.getState())).toBe(TEXT);
});
