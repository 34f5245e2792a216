/** From a command to edits of the text, checked: what they make is read again and compared with what was meant. */
import { type YAMLMap, isMap } from "yaml";
import { t } from "../i18n";
import type { OnDocument } from "./commands";
import { type TextEdit, applyEdits, editBetween } from "./edits";
import { CommandError } from "./errors";
import { type Value, meaning } from "./meaning";
import { valueOf } from "./model";
import { type Source, cut } from "./pieces";
import { type Way, waysOf } from "./plans";
import { printed } from "./printing";
import { resolved } from "./reach";
import { scopeOf } from "./scope";
import { same } from "./splice";
import { parseYaml } from "./yaml";

/** The edits that do a command. CommandError where it cannot be done. */
export function planned(text: string, command: OnDocument): TextEdit[] {
  if (!text.includes("\r\n")) return plannedPlain(text, command);
  const plain = text.replaceAll("\r\n", "\n");
  return broken(text, plannedPlain(plain, command));
}

/** Edits of a text without carriage returns as edits of the text with them. */
function broken(text: string, edits: readonly TextEdit[]): TextEdit[] {
  const returns: number[] = []; // where they would stand in the plain text
  for (let at = text.indexOf("\r\n"); at >= 0; at = text.indexOf("\r\n", at + 1)) returns.push(at - returns.length);
  const outside = (at: number) => at + returns.filter((each) => each < at).length;
  return edits.map(({ from, to, insert }) => ({ from: outside(from), to: outside(to), insert: insert.replaceAll("\n", "\r\n") }));
}

function plannedPlain(text: string, command: OnDocument): TextEdit[] {
  const source = cut(text);
  return (source && near(source, command)) ?? whole(text, command, source?.value);
}

/** Within the few pieces of the text that the command concerns. */
function near(source: Source, command: OnDocument): TextEdit[] | null {
  const meant = meaning(source.value, command);
  const scope = scopeOf(source, command);
  const parsed = scope && parseYaml(scope.text);
  if (!parsed || parsed.errors.length || !isMap(parsed.contents)) return null;
  const root = parsed.contents as unknown as YAMLMap;
  const local = scope.command.kind === "set_in" || scope.command.kind === "rename_node" ? meaning(valueOf(parsed), scope.command) : meant;
  return tried(waysOf(scope.text, root, scope.command, local), (edits) => {
    const made = scope.outside(edits);
    return made && says(applyEdits(source.text, made), meant) ? made : null;
  });
}

function whole(text: string, command: OnDocument, known?: Value): TextEdit[] {
  const parsed = parseYaml(text);
  if (parsed.errors.length || !isMap(parsed.contents)) throw new CommandError(t("the document cannot be read: mend it first"));
  const meant = meaning(known ?? valueOf(parsed), command);
  const root = parsed.contents as unknown as YAMLMap;
  const exact = command.kind === "set_in" ? { ...command, path: resolved(valueOf(parsed), command.path) } : command;
  const made = tried(waysOf(text, root, exact, meant), (edits) => (says(applyEdits(text, edits), meant) ? edits : null));
  return made ?? editBetween(text, printed(text, meant, (each) => says(each, meant)));
}

/** The edits of the first way that is good. */
function tried(ways: readonly Way[], check: (edits: TextEdit[]) => TextEdit[] | null): TextEdit[] | null {
  for (const way of ways) {
    try {
      const edits = way();
      const made = edits && check(edits);
      if (made) return made;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // edits that overlap: another way is tried
    }
  }
  return null;
}

/** Whether a text says what is meant. */
function says(text: string, meant: Value): boolean {
  const value = cut(text)?.value ?? readAll(text);
  return value !== null && alike(value, meant);
}

function readAll(text: string): Value | null {
  const parsed = parseYaml(text);
  return parsed.errors.length ? null : valueOf(parsed);
}

/** The same, quickly where most objects are the very same ones. */
function alike(a: Value, b: Value): boolean {
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return keys.length === others.length && keys.every((key, i) => key === others[i] && alikeParts(a[key], b[key]));
}

function alikeParts(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b)) return same(a, b);
  return a.length === b.length && a.every((item, i) => item === b[i] || same(item, b[i]));
}
