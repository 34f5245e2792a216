import { describe, expect, it } from "vitest";

import { asJson, kindOf, parsed, row, rowsOf } from "./inputs";

it.each([
  ["BIGINT NOT NULL", "whole"],
  ["DECIMAL(10, 2)", "real"],
  ["DOUBLE", "real"],
  ["BOOLEAN", "boolean"],
  ["VARCHAR(20)", "text"],
  ["TIMESTAMP_LTZ(3)", "time"],
])("%s is typed in as %s", (type, kind) => expect(kindOf(type)).toBe(kind));

describe("a field", () => {
  it.each([
    ["17", "BIGINT", 17],
    ["9007199254740993", "BIGINT", "9007199254740993"],
    ["-3.5e2", "DOUBLE", -350],
    ["TRUE", "BOOLEAN", true],
    [" a ", "STRING", " a "],
    ["", "STRING", null],
    ["  ", "DOUBLE", null],
  ])("%j of %s is %j", (text, type, value) => expect(parsed(text, type)).toEqual({ value }));

  it.each([
    ["1.5", "INT"],
    ["abc", "DOUBLE"],
    ["Infinity", "DOUBLE"],
    ["1", "BOOLEAN"],
  ])("%j is no %s", (text, type) => expect(parsed(text, type).error).toBeTruthy());
});

const INPUTS = [
  { name: "user", type: "BIGINT", kept_by: null },
  { name: "device", type: "STRING", kept_by: null },
  { name: "price", type: "DOUBLE", kept_by: "item_features" },
];

it("makes a row of a form, with an error at each field that has one", () => {
  expect(row(INPUTS, { user: "3", price: "x" })).toEqual({ row: { user: 3 }, errors: { price: "A number" } });
  expect(JSON.parse(asJson(INPUTS, { user: "3" }))).toEqual({ user: 3, device: null });
});

describe("JSON", () => {
  it("is a row, or rows", () => {
    expect(rowsOf('{"user": 3}')).toEqual({ rows: [{ user: 3 }] });
    expect(rowsOf('[{"user": 3}, {"user": 4}]')).toEqual({ rows: [{ user: 3 }, { user: 4 }] });
  });
  it.each(["", "{", "[]", "3", "[[1]]", "null"])("%j is refused with a reason", (text) => expect(rowsOf(text)).toHaveProperty("error"));
});
