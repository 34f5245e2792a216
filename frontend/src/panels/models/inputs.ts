import type { ModelInput } from "../../api";
import { t } from "../../i18n";

/** What a column's field is: how it is typed in, and what is sent. */
export type Kind = "whole" | "real" | "boolean" | "text" | "time";

export function kindOf(type: string): Kind {
  const name = type.toUpperCase();
  if (/^(TINYINT|SMALLINT|INT|INTEGER|BIGINT)/.test(name)) return "whole";
  if (/^(FLOAT|DOUBLE|DECIMAL|NUMERIC|REAL)/.test(name)) return "real";
  if (name.startsWith("BOOL")) return "boolean";
  return /^(TIMESTAMP|DATE|TIME)/.test(name) ? "time" : "text";
}

export const EXAMPLES: Readonly<Record<Kind, string>> = {
  whole: "17",
  real: "3.5",
  boolean: "true",
  text: "text",
  time: "2026-03-04 12:00:00",
};

export type Parsed = { value: unknown; error?: undefined } | { value?: undefined; error: string };

/** A field's text as a value; nothing typed is null. Whole numbers beyond 2^53 stay text, so that no digit is lost. */
export function parsed(text: string, type: string): Parsed {
  const given = text.trim();
  const kind = kindOf(type);
  if (kind === "text") return { value: text === "" ? null : text };
  if (given === "") return { value: null };
  if (kind === "whole") {
    if (!/^[+-]?\d+$/.test(given)) return { error: t("A whole number") };
    const value = Number(given);
    return { value: Number.isSafeInteger(value) ? value : given };
  }
  if (kind === "real") {
    const value = Number(given);
    return Number.isFinite(value) ? { value } : { error: t("A number") };
  }
  if (kind === "boolean") return /^(true|false)$/i.test(given) ? { value: given.toLowerCase() === "true" } : { error: t("true or false") };
  return { value: given };
}

type Input = Pick<ModelInput, "name" | "type" | "kept_by">;

/** The row that a form says, or what is wrong with its fields. What is left empty is not given: it may be looked up. */
export function row(inputs: readonly Input[], texts: Readonly<Record<string, string>>): { row: Record<string, unknown>; errors: Record<string, string> } {
  const found: { row: Record<string, unknown>; errors: Record<string, string> } = { row: {}, errors: {} };
  for (const { name, type } of inputs) {
    const { value, error } = parsed(texts[name] ?? "", type);
    if (error !== undefined) found.errors[name] = error;
    else if (value !== null) found.row[name] = value;
  }
  return found;
}

/** The rows that a JSON text says: an object, or a list of them. */
export function rowsOf(text: string): { rows: Record<string, unknown>[] } | { error: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { error: t("This is not JSON: {message}", { message: error instanceof Error ? error.message : String(error) }) };
  }
  const rows = Array.isArray(value) ? value : [value];
  const isRow = (one: unknown): one is Record<string, unknown> => typeof one === "object" && one !== null && !Array.isArray(one);
  if (rows.length === 0 || !rows.every(isRow)) return { error: t("An object of columns is meant, or a list of them.") };
  return { rows };
}

/** A form's content as JSON to go on with; with a place for each input that nothing else knows. */
export function asJson(inputs: readonly Input[], texts: Readonly<Record<string, string>>): string {
  const open = inputs.filter((input) => input.kept_by === null).map((input) => [input.name, null]);
  return JSON.stringify({ ...Object.fromEntries(open), ...row(inputs, texts).row }, null, 2);
}
