/** Fixes: what the compiler offers for a problem, as commands on the document that are done as one step of undo. */

import type { Diagnostic } from "../../api/types";
import { type Command, CommandError, apply } from "../../document/commands";
import { type DiffLine, lineDiff } from "../../document/diff";
import { said } from "../../i18n";
import { type Editor, type EditorState, textOf } from "../document/editor";

export type Fix = NonNullable<Diagnostic["fixes"]>[number];

const one = (fix: Fix): Command => {
  const commands = fix.commands as unknown as Command[];
  const [only] = commands;
  return commands.length === 1 && only ? only : { kind: "all", commands };
};

/** Whether what the compiler offered is of the text as it stands. */
export const isCurrent = (state: EditorState): boolean => state.compiledText === textOf(state);

/** Does a fix; false where the document has changed so that it cannot be done any more. */
export function applyFix(editor: Editor, fix: Fix): boolean {
  if (!isCurrent(editor.getState())) return false;
  return done(() => editor.getState().change(one(fix), said(fix.label)));
}

function done(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** The lines that a fix changes; nothing where it cannot be done. */
export function preview(state: EditorState, fix: Fix): readonly DiffLine[] {
  try {
    const { pipeline } = apply(state.history.pipeline, one(fix));
    return lineDiff(state.history.pipeline.text, pipeline.text).filter((line) => line.kind !== "same");
  } catch (error) {
    if (error instanceof CommandError) return [];
    throw error;
  }
}

/**
 * The likeliest fixes of all problems of one kind that do not get in each other's way: each changes other parts of the document.
 * What is left is offered again once these are done.
 */
export function alike(diagnostics: readonly Diagnostic[], code: string): Fix[] {
  const touched = new Set<string>();
  const chosen: Fix[] = [];
  for (const each of diagnostics) {
    const fix = each.code === code ? each.fixes?.[0] : undefined;
    if (!fix) continue;
    const parts = (fix.commands as unknown as Command[]).map(partOf);
    if (parts.some((part) => [...touched].some((other) => isSame(part, other)))) continue;
    for (const part of parts) touched.add(part);
    chosen.push(fix);
  }
  return chosen;
}

/** Whether two parts are the same, or one is a list that items are taken from and the other is in it. */
function isSame(one: string, other: string): boolean {
  return one === other || isInList(one, other) || isInList(other, one);
}

const isInList = (part: string, list: string) => list.startsWith("list ") && part.startsWith(`path ${list.slice("list ".length)}.`);

/** What a command changes. Items of lists share their list: their numbers change as others come and go. */
function partOf(command: Command): string {
  switch (command.kind) {
    case "set_property":
      return `property ${command.node}.${command.property}`;
    case "set_in":
      return typeof command.path.at(-1) === "number" ? `list ${command.path.slice(0, -1).join(".")}` : `path ${command.path.join(".")}`;
    case "remove_nodes":
      return `node ${command.nodes.join(" ")}`;
    case "connect":
      return `edge ${command.from} ${command.to}`;
    case "add_node":
      return `node ${command.id}`;
    default:
      return command.kind;
  }
}

/** Does several fixes as one step. */
export function applyAll(editor: Editor, fixes: readonly Fix[], label: string): boolean {
  if (!isCurrent(editor.getState()) || !fixes.length) return false;
  return done(() => editor.getState().change({ kind: "all", commands: fixes.map(one) }, label));
}
