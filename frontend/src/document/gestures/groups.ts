/** Groups and notes: what people draw around nodes. They change nothing of what a pipeline does. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import type { Model } from "../model";
import { freshId } from "./nodes";

/** A group of nodes; they leave the groups they were in. */
export function group(model: Model, nodes: readonly string[], label = ""): { command: Command; id: string } {
  const chosen = model.nodes.flatMap(({ id }) => (nodes.includes(id) ? [id] : []));
  if (!chosen.length) throw new CommandError(t("no nodes are selected"));
  const id = freshId(model, "group");
  const left = taken(model, new Set(chosen));
  const value = { id, ...(label ? { label } : {}), nodes: chosen };
  const at = model.groups.length - left.filter((command) => command.kind === "set_in" && command.path.length === 2).length;
  return { command: { kind: "all", commands: [...left, { kind: "set_in", path: ["groups", at], value }] }, id };
}

/** The nodes leave the groups they are in, and empty groups go. */
function taken(model: Model, nodes: ReadonlySet<string>): Command[] {
  return [...model.groups.entries()].reverse().flatMap(([i, { nodes: own }]): Command[] => {
    const kept = own.filter((node) => !nodes.has(node));
    if (kept.length === own.length) return [];
    return [kept.length ? { kind: "set_in", path: ["groups", i, "nodes"], value: kept } : { kind: "set_in", path: ["groups", i] }];
  });
}

/** The nodes leave their groups. */
export function leaveGroup(model: Model, nodes: readonly string[]): Command {
  return { kind: "all", commands: taken(model, new Set(nodes)) };
}

/** The group goes, its nodes stay. */
export function ungroup(model: Model, id: string): Command {
  const place: Command = { kind: "move_nodes", positions: { [id]: null } };
  return { kind: "all", commands: [{ kind: "set_in", path: ["groups", groupAt(model, id)] }, place] };
}

export function setCollapsed(model: Model, id: string, collapsed: boolean): Command {
  return { kind: "set_in", path: ["groups", groupAt(model, id), "collapsed"], value: collapsed ? true : undefined };
}

export function labelGroup(model: Model, id: string, label: string): Command {
  return { kind: "set_in", path: ["groups", groupAt(model, id), "label"], value: label || undefined };
}

function groupAt(model: Model, id: string): number {
  const index = model.groups.findIndex((each) => each.id === id);
  if (index < 0) throw new CommandError(t("there is no group “{id}”", { id }));
  return index;
}

/** A note at a place, [x, y] or with its width and height. */
export function addNote(model: Model, text: string, at: readonly [number, number] | readonly [number, number, number, number]): { command: Command; id: string } {
  const id = freshId(model, "note");
  const commands: Command[] = [{ kind: "set_in", path: ["notes", model.notes.length], value: { id, text } },
    { kind: "move_nodes", positions: { [id]: at } }];
  return { command: { kind: "all", commands }, id };
}

export function editNote(model: Model, id: string, text: string): Command {
  return { kind: "set_in", path: ["notes", noteAt(model, id), "text"], value: text };
}

export function removeNote(model: Model, id: string): Command {
  const commands: Command[] = [{ kind: "set_in", path: ["notes", noteAt(model, id)] }, { kind: "move_nodes", positions: { [id]: null } }];
  return { kind: "all", commands };
}

function noteAt(model: Model, id: string): number {
  const index = model.notes.findIndex((each) => each.id === id);
  if (index < 0) throw new CommandError(t("there is no note “{id}”", { id }));
  return index;
}
