/** Groups and notes: what people draw around nodes. They change nothing of what a pipeline does. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import type { Model } from "../model";
import { freshId, leaving } from "./nodes";

/** A group of nodes; they leave the groups they were in. */
export function group(model: Model, nodes: readonly string[], label = ""): { command: Command; id: string } {
  const chosen = model.nodes.flatMap(({ id }) => (nodes.includes(id) ? [id] : []));
  if (!chosen.length) throw new CommandError(t("no nodes are selected"));
  const id = freshId(model, "group");
  const left = leaving(model, new Set(chosen));
  const emptied = left.filter((command) => command.kind === "set_in" && command.value === undefined).length;
  const value = { id, ...(label ? { label } : {}), nodes: chosen };
  return { command: { kind: "all", commands: [...left, { kind: "set_in", path: ["groups", model.groups.length - emptied], value }] }, id };
}

/** The nodes leave their groups. */
export function leaveGroup(model: Model, nodes: readonly string[]): Command {
  return { kind: "all", commands: leaving(model, new Set(nodes)) };
}

/** The group goes, its nodes stay. */
export function ungroup(model: Model, id: string): Command {
  const place: Command = { kind: "move_nodes", positions: { [id]: null } };
  return { kind: "all", commands: [{ kind: "set_in", path: ["groups", known(model.groups, id)] }, place] };
}

export function setCollapsed(model: Model, id: string, collapsed: boolean): Command {
  return { kind: "set_in", path: ["groups", known(model.groups, id), "collapsed"], value: collapsed ? true : undefined };
}

export function labelGroup(model: Model, id: string, label: string): Command {
  return { kind: "set_in", path: ["groups", known(model.groups, id), "label"], value: label || undefined };
}

/** A note at a place, [x, y] or with its width and height. */
export function addNote(model: Model, text: string, at: readonly [number, number] | readonly [number, number, number, number]): { command: Command; id: string } {
  const id = freshId(model, "note");
  const commands: Command[] = [{ kind: "set_in", path: ["notes", model.notes.length], value: { id, text } },
    { kind: "move_nodes", positions: { [id]: at } }];
  return { command: { kind: "all", commands }, id };
}

export function editNote(model: Model, id: string, text: string): Command {
  return { kind: "set_in", path: ["notes", known(model.notes, id), "text"], value: text };
}

export function removeNote(model: Model, id: string): Command {
  const commands: Command[] = [{ kind: "set_in", path: ["notes", known(model.notes, id)] }, { kind: "move_nodes", positions: { [id]: null } }];
  return { kind: "all", commands };
}

function known(items: ReadonlyArray<{ id: string }>, id: string): string {
  if (!items.some((each) => each.id === id)) throw new CommandError(t("there is no “{id}”", { id }));
  return id;
}
