/** Names in SQL texts: enough of a reading to find columns and tables, without knowing what the text means. */

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
  return quote === "`" || quote === '"' ? text.slice(1, -1).replaceAll(`${quote}${quote}`, quote) : text;
}

/** A name as SQL writes it: quoted where it must be. */
export function sqlName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** An expression with columns under other names. Functions, fields of rows and types keep theirs. */
export function renameColumns(sql: string, names: ReadonlyMap<string, string>): string {
  return replaceNames(sql, (token, before, after) =>
    (before?.text === "." || after?.text === "(" || isWord(before, "AS") ? undefined : names.get(token.name)));
}

/** The columns that an expression names, each once. */
export function columnsIn(sql: string, known: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  replaceNames(sql, (token, before, after) => {
    if (before?.text !== "." && after?.text !== "(" && !isWord(before, "AS") && known.has(token.name)) found.add(token.name);
    return undefined;
  });
  return [...found];
}

const ENDS_FROM = /^(?:WHERE|GROUP|HAVING|ORDER|LIMIT|WINDOW|UNION|EXCEPT|INTERSECT|SELECT|ON|USING|SET|VALUES)$/i;

/** A query with a table under another name. */
export function renameTables(sql: string, names: ReadonlyMap<string, string>): string {
  const tables = tablePlaces(tokensOf(sql).filter((token) => token.kind !== "comment"));
  return replaceNames(sql, (token, before, after) => {
    const qualifier = after?.text === "." && before?.text !== ".";
    return qualifier || tables.has(token.from) ? names.get(token.name) : undefined;
  });
}

/** Where tables are named: behind FROM, JOIN and TABLE, and behind commas between them. */
function tablePlaces(tokens: readonly SqlToken[]): Set<number> {
  const places = new Set<number>();
  const open: boolean[] = [false]; // by depth of parentheses: whether a list of tables goes on
  tokens.forEach((token, i) => {
    const before = tokens[i - 1];
    if (token.text === "(") open.push(false);
    else if (token.text === ")") open.length = Math.max(1, open.length - 1);
    else if (token.kind === "name") {
      const listed = before?.text === "," && open.at(-1);
      if (listed || isWord(before, "FROM") || isWord(before, "JOIN") || isWord(before, "TABLE")) places.add(token.from);
      if (isWord(token, "FROM") || isWord(token, "JOIN")) open[open.length - 1] = true;
      else if (token.text[0] !== "`" && ENDS_FROM.test(token.text)) open[open.length - 1] = false;
    }
  });
  return places;
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === "name" && token.text.toUpperCase() === word;
}

type Renamed = (token: SqlToken, before: SqlToken | undefined, after: SqlToken | undefined) => string | undefined;

function replaceNames(sql: string, renamed: Renamed): string {
  const tokens = tokensOf(sql).filter((token) => token.kind !== "comment");
  let made = "";
  let at = 0;
  tokens.forEach((token, i) => {
    const name = token.kind === "name" ? renamed(token, tokens[i - 1], tokens[i + 1]) : undefined;
    if (name === undefined || name === token.name) return;
    made += sql.slice(at, token.from) + (token.text[0] === "`" ? `\`${name.replaceAll("`", "``")}\`` : sqlName(name));
    at = token.from + token.text.length;
  });
  return made + sql.slice(at);
}
