/** Names in SQL texts: enough of a reading to find columns and tables, without knowing what the text means. */
import { RESERVED } from "./words";

export interface SqlToken {
  kind: "name" | "string" | "number" | "comment" | "mark";
  /** As written. */
  text: string;
  from: number;
  /** A name without its quotes. */
  name: string;
}

const TOKEN = /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|`(?:[^`]|``)*(?:`|$)|"(?:[^"]|"")*(?:"|$)|\$\{[^{}]*\}|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|[\s\S]/gu;

/** The tokens of an SQL text, blanks left out. */
export function tokensOf(sql: string): SqlToken[] {
  const found: SqlToken[] = [];
  for (const match of sql.matchAll(TOKEN)) {
    const text = match[0];
    if (!/\S/.test(text)) continue;
    const kind = kindOf(text);
    found.push({ kind, text, from: match.index, name: kind === "name" ? unquoted(text) : "" });
  }
  return found;
}

function kindOf(text: string): SqlToken["kind"] {
  const first = text[0] ?? "";
  if (text.startsWith("--") || text.startsWith("/*")) return "comment";
  if (first === "'" || text.startsWith("${")) return "string";
  if (first === "`" || first === '"' || /[\p{L}_]/u.test(first)) return "name";
  return /\d/.test(first) ? "number" : "mark";
}

function unquoted(text: string): string {
  const quote = text[0];
  return quote === "`" || quote === '"' ? text.slice(1, text.length > 1 && text.endsWith(quote) ? -1 : undefined).replaceAll(`${quote}${quote}`, quote) : text;
}

/** A name as SQL writes it: quoted where it must be. */
export function sqlName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) && !RESERVED.has(name.toUpperCase()) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** A word of the language rather than a name. */
function isKeyword(token: SqlToken): boolean {
  return token.text[0] !== "`" && (RESERVED.has(token.text.toUpperCase()) || /^(?:ASC|DESC|PRECEDING|FOLLOWING|UNBOUNDED)$/i.test(token.text));
}

/** An expression with columns under other names. Functions, fields of rows and types keep theirs. */
export function renameColumns(sql: string, names: ReadonlyMap<string, string>): string {
  return replaceNames(sql, (token, before, after) => (isColumn(token, before, after) ? names.get(token.name) : undefined));
}

/** The columns that an expression names, each once. */
export function columnsIn(sql: string): string[] {
  const found = new Set<string>();
  replaceNames(sql, (token, before, after) => {
    if (isColumn(token, before, after)) found.add(token.name);
    return undefined;
  });
  return [...found];
}

function isColumn(token: SqlToken, before: SqlToken | undefined, after: SqlToken | undefined): boolean {
  return before?.text !== "." && after?.text !== "(" && !isWord(before, "AS") && !isKeyword(token);
}

/** A query with columns of its tables under other names. `renamed`: of a column and its table, which is null where the query does not say it. */
export function renameInQuery(query: string, renamed: (column: string, table: string | null) => string | undefined): string {
  const tables = tablesIn(query);
  return replaceNames(query, (token, before, after, qualifier) => {
    if (tables.places.has(token.from) || isKeyword(token)) return undefined;
    if (before?.text !== ".") return after?.text !== "." && isColumn(token, before, after) ? renamed(token.name, null) : undefined;
    const table = qualifier && tables.called.get(qualifier.name);
    return table === undefined ? undefined : renamed(token.name, table);
  });
}

/** The columns of its tables that a query may name, each once. */
export function columnsInQuery(query: string): string[] {
  const found = new Set<string>();
  const own = new Set<string>();
  renameInQuery(query, (column) => {
    found.add(column);
    return undefined;
  });
  replaceNames(query, (token, before) => {
    if (isWord(before, "AS")) own.add(token.name);
    return undefined;
  });
  return [...found].filter((name) => !own.has(name));
}

const ENDS_FROM = /^(?:WHERE|GROUP|HAVING|ORDER|LIMIT|WINDOW|UNION|EXCEPT|INTERSECT|SELECT|ON|USING|SET|VALUES)$/i;

/** A query with a table under another name. */
export function renameTables(sql: string, names: ReadonlyMap<string, string>): string {
  const { tables, called } = tablesIn(sql);
  return replaceNames(sql, (token, before, after) => {
    const qualifier = after?.text === "." && before?.text !== "." && called.get(token.name) === token.name;
    return qualifier || tables.has(token.from) ? names.get(token.name) : undefined;
  });
}

interface Tables {
  /** Where tables are named, and where they get another name. */
  tables: Set<number>;
  places: Set<number>;
  /** What stands before the dot -> the table. */
  called: Map<string, string>;
}

/** Where a query names tables: behind FROM, JOIN and TABLE, and behind commas between them. */
function tablesIn(query: string): Tables {
  const tokens = tokensOf(query).filter((token) => token.kind !== "comment");
  const found: Tables = { tables: new Set(), places: new Set(), called: new Map() };
  const open: boolean[] = [false]; // by depth of parentheses: whether a list of tables goes on
  tokens.forEach((token, i) => {
    const before = tokens[i - 1];
    if (token.text === "(") open.push(false);
    else if (token.text === ")") {
      open.length = Math.max(1, open.length - 1);
      if (open.at(-1)) noteAlias(tokens, i, null, found);
    } else if (token.kind === "name") {
      const listed = before?.text === "," && open.at(-1);
      const named = listed || isWord(before, "FROM") || isWord(before, "JOIN") || isWord(before, "TABLE");
      if (named && !isKeyword(token)) {
        found.tables.add(token.from);
        found.places.add(token.from);
        noteAlias(tokens, i, token.name, found);
      }
      if (isWord(token, "FROM") || isWord(token, "JOIN")) open[open.length - 1] = true;
      else if (token.text[0] !== "`" && ENDS_FROM.test(token.text)) open[open.length - 1] = false;
    }
  });
  return found;
}

/** The name that a table gets right behind it; its own where it gets none. */
function noteAlias(tokens: readonly SqlToken[], at: number, table: string | null, found: Tables): void {
  const next = tokens[at + 1];
  const alias = isWord(next, "AS") ? tokens[at + 2] : next;
  if (alias?.kind === "name" && !isKeyword(alias)) {
    found.places.add(alias.from);
    found.called.set(alias.name, table ?? alias.name);
  } else if (table !== null) found.called.set(table, table);
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === "name" && token.text.toUpperCase() === word;
}

type Renamed = (token: SqlToken, before: SqlToken | undefined, after: SqlToken | undefined, qualifier: SqlToken | undefined) => string | undefined;

function replaceNames(sql: string, renamed: Renamed): string {
  const tokens = tokensOf(sql).filter((token) => token.kind !== "comment");
  let made = "";
  let at = 0;
  tokens.forEach((token, i) => {
    const name = token.kind === "name" ? renamed(token, tokens[i - 1], tokens[i + 1], tokens[i - 2]) : undefined;
    if (name === undefined || name === token.name) return;
    made += sql.slice(at, token.from) + (token.text[0] === "`" ? `\`${name.replaceAll("`", "``")}\`` : sqlName(name));
    at = token.from + token.text.length;
  });
  return made + sql.slice(at);
}
