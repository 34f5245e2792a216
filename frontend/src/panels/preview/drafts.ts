/** Rows while they are typed: each cell a text, "" is NULL. Pure. */

import type { PreviewColumn } from "../../api/preview";
import { type Objects, cellText } from "./rows";

export interface Draft {
  id: number;
  cells: readonly string[];
}

let made = 0;
const fresh = (cells: readonly string[]): Draft => ({ id: (made += 1), cells });

export const draftsOf = (rows: Objects, columns: readonly PreviewColumn[]): Draft[] =>
  rows.map((row) => fresh(columns.map((column) => (row[column.name] === null || row[column.name] === undefined ? "" : cellText(row[column.name])))));

export const emptyDraft = (columns: readonly PreviewColumn[]): Draft => fresh(columns.map(() => ""));

export function duplicated(drafts: readonly Draft[], at: number): Draft[] {
  const draft = drafts[at];
  return draft ? [...drafts.slice(0, at + 1), fresh(draft.cells), ...drafts.slice(at + 1)] : [...drafts];
}

/** A row one place up or down. */
export function moved(drafts: readonly Draft[], at: number, by: number): Draft[] {
  const to = at + by;
  const draft = drafts[at];
  if (!draft || to < 0 || to >= drafts.length) return [...drafts];
  const rest = drafts.filter((_, place) => place !== at);
  return [...rest.slice(0, to), draft, ...rest.slice(to)];
}

const PATTERNS: Readonly<Record<string, RegExp>> = {
  whole: /^[+-]?\d+$/,
  number: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
  truth: /^(true|false)$/i,
  moment: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})?Z?$/,
  date: /^\d{4}-\d\d-\d\d$/,
  time: /^\d\d:\d\d(:\d\d(\.\d{1,9})?)?$/,
};

/** Whether a text is no value of the column. */
export function wrongIn(column: PreviewColumn, text: string): boolean {
  if (text === "") return false;
  if (column.kind === "nested") return parsed(text) === undefined;
  const pattern = PATTERNS[column.kind];
  return pattern !== undefined && !pattern.test(text.trim());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The rows that the texts say; NULLs are left out. */
export function readDrafts(drafts: readonly Draft[], columns: readonly PreviewColumn[]): Objects {
  return drafts.map((draft) => Object.fromEntries(columns.flatMap((column, at) => {
    const text = draft.cells[at] ?? "";
    return text === "" ? [] : [[column.name, valueOf(column, text)]];
  })));
}

function valueOf(column: PreviewColumn, text: string): unknown {
  const trimmed = text.trim();
  if (column.kind === "truth") return trimmed.toLowerCase() === "true";
  if (column.kind === "nested") return parsed(text) ?? null;
  if (column.kind !== "whole" && column.kind !== "number") return column.kind === "text" ? text : trimmed;
  const number = Number(trimmed);
  const exact = column.kind === "whole" ? Number.isSafeInteger(number) : !column.type.startsWith("DECIMAL");
  return exact ? number : trimmed;
}
