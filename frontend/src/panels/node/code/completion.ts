/** What can be completed while SQL is written: columns with their types, functions with how they are called, tables, parameters. */

import { type Completion, type CompletionContext, type CompletionResult, pickedCompletion } from "@codemirror/autocomplete";
import { EditorSelection } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";

import type { SqlFunction } from "../../../api/authoring";
import type { ColumnInfo } from "../../../api/types";
import { said, t } from "../../../i18n";

export type Mode = "scalar" | "condition" | "aggregate" | "over" | "query";

/** What the text is written over. */
export interface Scope {
  mode: Mode;
  tables: Readonly<Record<string, readonly ColumnInfo[]>>;
  functions: readonly SqlFunction[];
  /** Values of `${name}`. */
  parameters: Readonly<Record<string, string>>;
  /** Columns that rows are grouped by. */
  keys: readonly string[];
}

const WORDS = ["AND", "OR", "NOT", "IS NULL", "IS NOT NULL", "IN", "BETWEEN", "LIKE", "CASE WHEN", "THEN", "ELSE", "END", "TRUE", "FALSE", "NULL", "INTERVAL", "DISTINCT"];
const QUERY_WORDS = ["SELECT", "FROM", "WHERE", "GROUP BY", "HAVING", "JOIN", "LEFT JOIN", "ON", "UNION ALL", "WITH", "AS", "OVER", "PARTITION BY", "ORDER BY",
  "FOR SYSTEM_TIME AS OF", "TABLE(TUMBLE(TABLE", "DESCRIPTOR", "LIMIT"];
const TYPES = ["BOOLEAN", "INT", "BIGINT", "DOUBLE", "FLOAT", "DECIMAL(10, 2)", "STRING", "DATE", "TIME", "TIMESTAMP(3)", "TIMESTAMP_LTZ(3)", "BYTES"];
const PLAIN = /^[A-Za-z_]\w*$/;

/** Completions at a place; null where there is nothing to say. */
export function complete(scope: Scope, context: CompletionContext): CompletionResult | null {
  const parameter = context.matchBefore(/\$\{\w*/);
  if (parameter) {
    const options = Object.entries(scope.parameters).map(([name, value]): Completion => ({ label: `\${${name}}`, type: "constant", detail: value }));
    return { from: parameter.from, options, validFor: /^\$\{\w*\}?$/ };
  }
  const member = context.matchBefore(/[A-Za-z_]\w*\.\w*/);
  if (member) {
    const [table] = member.text.split(".");
    const columns = scope.tables[table ?? ""];
    return columns ? { from: member.from + (table?.length ?? 0) + 1, options: columns.map((column) => columnOption(column, scope)), validFor: /^\w*$/ } : null;
  }
  const word = context.matchBefore(/`?\w+/);
  if (!word && !context.explicit) return null;
  if (word && /^\d/.test(word.text)) return null;
  const before = context.state.sliceDoc(0, word?.from ?? context.pos);
  if (inString(before)) return null;
  return { from: word?.from ?? context.pos, options: /\bAS\s+$/i.test(before) && /CAST\s*\([^()]*$/i.test(before) ? TYPES.map(typeOption) : everything(scope), validFor: /^`?\w*$/ };
}

/** Whether a text ends inside of a string. */
function inString(text: string): boolean {
  return (text.match(/'/g)?.length ?? 0) % 2 === 1;
}

function everything(scope: Scope): Completion[] {
  const columns = new Map(Object.values(scope.tables).flat().map((column) => [column.name, column]));
  return [
    ...[...columns.values()].map((column) => columnOption(column, scope)),
    ...(scope.mode === "query" ? Object.keys(scope.tables).map((table): Completion => ({ label: table, type: "namespace", detail: t("input"), boost: 60 })) : []),
    ...scope.functions.filter((each) => fits(each, scope.mode)).map((each) => functionOption(each, scope.mode)),
    ...[...WORDS, ...(scope.mode === "query" ? QUERY_WORDS : [])].map((label): Completion => ({ label, type: "keyword", boost: -20 })),
  ];
}

function columnOption(column: ColumnInfo, scope: Scope): Completion {
  const key = scope.keys.includes(column.name);
  return { label: column.name, type: "variable", detail: column.type, boost: 50 + (key ? 5 : 0), apply: PLAIN.test(column.name) ? column.name : `\`${column.name}\`` };
}

const typeOption = (label: string): Completion => ({ label, type: "type" });

const AGGREGATING: readonly Mode[] = ["aggregate", "over", "query"];

/** Whether a function makes sense where the text stands. */
export function fits({ kind }: SqlFunction, mode: Mode): boolean {
  if (kind === "scalar") return true;
  if (kind === "over") return mode === "over" || mode === "query";
  return AGGREGATING.includes(mode);
}

function functionOption(each: SqlFunction, mode: Mode): Completion {
  const first = each.kind !== "scalar" && (mode === "aggregate" || mode === "over");
  const call = each.signatures[0]?.startsWith(`${each.name}(`) ?? false;
  return {
    label: each.name,
    type: "function",
    detail: each.signatures[0]?.replace(each.name, "") ?? "",
    info: () => card(each),
    boost: first ? 70 : -10,
    apply: call ? applyCall(each) : each.name,
  };
}

/** Writes a call; the cursor stands inside, or behind where it takes nothing. */
function applyCall(each: SqlFunction) {
  const empty = each.signatures.some((signature) => signature === `${each.name}()`) && each.signatures.length === 1;
  return (view: EditorView, completion: Completion, from: number, to: number) => {
    const open = view.state.sliceDoc(to, to + 1) === "(";
    const insert = open ? each.name : `${each.name}()`;
    const at = from + each.name.length + (empty && !open ? 2 : 1);
    view.dispatch({ changes: { from, to, insert }, selection: EditorSelection.cursor(at), annotations: pickedCompletion.of(completion), scrollIntoView: true });
  };
}

/** How a function is called and what it gives, as an element. */
function card(each: SqlFunction): HTMLElement {
  const box = document.createElement("div");
  for (const signature of each.signatures) {
    const line = document.createElement("code");
    line.textContent = signature;
    line.style.display = "block";
    box.append(line);
  }
  const text = document.createElement("p");
  text.textContent = said(each.doc);
  text.style.margin = "4px 0 0";
  box.append(text);
  return box;
}

/** The function whose brackets a place is in. */
export function callAt(text: string, at: number, functions: readonly SqlFunction[]): SqlFunction | null {
  let depth = 0;
  for (let i = at - 1; i >= 0; i--) {
    if (text[i] === ")") depth++;
    else if (text[i] === "(") {
      if (depth === 0) {
        const name = /([A-Za-z_]\w*)\s*$/.exec(text.slice(0, i))?.[1]?.toUpperCase();
        return functions.find((each) => each.name === name) ?? null;
      }
      depth--;
    }
  }
  return null;
}
