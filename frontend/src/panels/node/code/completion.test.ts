import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { describe, expect, it } from "vitest";

import type { SqlFunction } from "../../../api/authoring";
import { type Mode, type Scope, callAt, complete } from "./completion";

const made = (name: string, kind: string, ...signatures: string[]) => ({ name, kind, category: "x", signatures, doc: "Something." }) as SqlFunction;
const FUNCTIONS = [made("UPPER", "scalar", "UPPER(text)"), made("SUM", "aggregate", "SUM(number)"), made("LAG", "over", "LAG(value)"), made("SUBSTR", "scalar", "SUBSTR(text, start)"),
  made("CURRENT_DATE", "scalar", "CURRENT_DATE")];

function scope(mode: Mode): Scope {
  const columns = [{ name: "price", type: "DOUBLE", time: null }, { name: "unit price", type: "DOUBLE", time: null }];
  return { mode, functions: FUNCTIONS, keys: [], parameters: { limit: "3" }, tables: { shop: columns } };
}

function labels(text: string, mode: Mode = "scalar", explicit = false): string[] {
  const found = complete(scope(mode), new CompletionContext(EditorState.create({ doc: text }), text.length, explicit));
  return (found?.options ?? []).map((option) => option.label);
}

describe("completion", () => {
  it("offers columns, functions and words where a word begins", () => {
    expect(labels("p")).toEqual(expect.arrayContaining(["price", "unit price", "UPPER", "CASE WHEN"]));
    expect(labels("")).toEqual([]);
    expect(labels("", "scalar", true)).toContain("price");
    expect(labels("1")).toEqual([]);
    expect(labels("'p")).toEqual([]);
  });

  it("offers aggregates only where rows are put together", () => {
    expect(labels("S", "scalar")).not.toContain("SUM");
    expect(labels("S", "condition")).not.toContain("SUM");
    expect(labels("S", "aggregate")).toContain("SUM");
    expect([labels("L", "aggregate").includes("LAG"), labels("L", "over").includes("LAG")]).toEqual([false, true]);
  });

  it("knows parameters, columns of a table, and types", () => {
    expect(labels("price > ${l")).toEqual(["${limit}"]);
    expect(labels("SELECT shop.p", "query")).toEqual(["price", "unit price"]);
    expect(labels("SELECT * FROM s", "query")).toContain("shop");
    expect(labels("CAST(price AS B")).toContain("BIGINT");
    expect(labels("CAST(price AS B")).not.toContain("price");
  });
});

describe("the call that a place is in", () => {
  const at = (text: string) => callAt(text, text.length, FUNCTIONS)?.name ?? null;
  it("is the innermost one that is open", () => {
    expect([at("UPPER("), at("UPPER(SUBSTR(a, "), at("UPPER(SUBSTR(a, 1)"), at("UPPER(a)"), at("nope("), at("a")]).toEqual(["UPPER", "SUBSTR", "UPPER", null, null, null]);
  });
});
