import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { columnsIn, columnsInQuery, renameColumns, renameInQuery, renameTables, tokensOf } from "./sql";
import { RESERVED } from "./words";

const names = new Map([["price", "cost"], ["user", "who is it"]]);

describe("names in SQL", () => {
  const expressions: Array<[string, string]> = [
    ["price > 3", "cost > 3"],
    ["LN(price) - price(3) + row_value.price", "LN(cost) - price(3) + row_value.price"],
    ["'price' || `price` -- price\n+ price /* price */", "'price' || `cost` -- price\n+ cost /* price */"],
    ["CAST(price AS price)", "CAST(cost AS price)"],
    ["`user` = ${price}", "`who is it` = ${price}"],
    ["Price + pricey + price2", "Price + pricey + price2"],
    ["it''s 'a ''price'' b'", "it''s 'a ''price'' b'"],
  ];
  it.each(expressions)("%s", (before, after) => expect(renameColumns(before, names)).toBe(after));

  it("are what is no word, no function, no field", () => {
    expect(columnsIn("CASE WHEN seen > 9 THEN COUNT(*) FILTER (WHERE a.b IS NOT NULL) ELSE INTERVAL '3' SECOND END")).toEqual(["seen", "a"]);
    expect(columnsInQuery("SELECT e.price, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(seen_at), INTERVAL '1' HOUR)) e GROUP BY e.price, n"))
      .toEqual(["price", "seen_at"]);
  });

  const queries: Array<[string, string]> = [
    ["SELECT a.x FROM a JOIN b ON a.x = b.a", "SELECT z.x FROM z JOIN b ON z.x = b.a"],
    ["SELECT a FROM a, b WHERE a > (SELECT MAX(a) FROM b, a)", "SELECT a FROM z, b WHERE a > (SELECT MAX(a) FROM b, z)"],
    ["SELECT x.a FROM `a` AS x", "SELECT x.a FROM `z` AS x"],
    ["SELECT a.x FROM b AS a", "SELECT a.x FROM b AS a"],
    ["SELECT * FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(t), INTERVAL '1' HOUR))", "SELECT * FROM TABLE(TUMBLE(TABLE z, DESCRIPTOR(t), INTERVAL '1' HOUR))"],
  ];
  it.each(queries)("tables: %s", (before, after) => expect(renameTables(before, new Map([["a", "z"]]))).toBe(after));

  it("of one table of a query are not those of another", () => {
    const query = "SELECT d.price, o.price, price FROM dear d LEFT JOIN others AS o ON d.price = o.price";
    expect(renameInQuery(query, (column, table) => (table === "dear" || table === null ? names.get(column) : undefined)))
      .toBe("SELECT d.cost, o.price, cost FROM dear d LEFT JOIN others AS o ON d.cost = o.price");
  });

  it("are found in texts that end in the middle", () => {
    expect(tokensOf("a 'b").map((token) => token.kind)).toEqual(["name", "string"]);
    expect(tokensOf("`a").map((token) => token.name)).toEqual(["a"]);
    expect(renameColumns("price + `pri", names)).toBe("cost + `pri");
  });

  it("are reserved where the engine says so", () => {
    const source = readFileSync(new URL("../../../engine/sql/dialect/keywords.py", import.meta.url), "utf8");
    const words = /RESERVED = frozenset\("""([^"]*)"""/.exec(source)?.[1] ?? "";
    expect([...RESERVED].sort()).toEqual(words.trim().split(/\s+/).sort());
  });
});
