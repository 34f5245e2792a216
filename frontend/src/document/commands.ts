/**
 * Every change of a pipeline, as a value. `apply` is pure and gives the command that takes the change back to the letter.
 *
 * Commands on the document become small edits of its text, so that comments, order and style of everything else stay.
 * What the edits made is read again and compared with what was meant; text written in a way that the edits do not
 * handle is printed anew by the YAML library, comments included.
 */
import { type TextEdit, applyEdits, editBetween, invertEdits } from "./edits";
import type { Layout, Place } from "./model";
import { planned } from "./planning";
import type { Step } from "./reach";

export { CommandError } from "./errors";
export { isId } from "./meaning";
export type { Step } from "./reach";

/** What commands change: the document's text, and where its nodes are drawn, which is no part of it. */
export interface Pipeline {
  readonly text: string;
  readonly layout: Layout;
}

export interface EdgeEnds {
  from: string;
  to: string;
  port?: string;
}

export type Command =
  | { kind: "set_property"; node: string; property: string; value: unknown } // undefined: its default again
  | { kind: "rename_label"; node: string; label: string } // "": no label
  | { kind: "rename_node"; node: string; to: string } // everything that names it follows
  | { kind: "set_disabled"; nodes: readonly string[]; disabled: boolean }
  | { kind: "move_nodes"; positions: Readonly<Record<string, Place | null>> } // null: placed by itself
  | { kind: "add_node"; id: string; component: string; label?: string; properties?: Record<string, unknown> }
  | { kind: "remove_nodes"; nodes: readonly string[] } // and their edges
  | ({ kind: "connect" } & EdgeEnds)
  | ({ kind: "disconnect" } & EdgeEnds)
  | { kind: "set_in"; path: readonly Step[]; value?: unknown } // undefined: it goes; an index at the end of a list: one more item
  | { kind: "edit_text"; edits: readonly TextEdit[] }
  | { kind: "all"; commands: readonly Command[] };

export type Addition = Extract<Command, { kind: "add_node" | "connect" }>;

/** The commands that say what the document must say then. */
export type OnDocument = Exclude<Command, { kind: "move_nodes" | "edit_text" | "all" }> | { kind: "additions"; commands: readonly Addition[] };

export interface Applied {
  pipeline: Pipeline;
  /** Takes the command back: applied to `pipeline` it gives what was before, letter for letter. */
  inverse: Command;
}

/** The command's effect. CommandError where there is nothing it could change. */
export function apply(pipeline: Pipeline, command: Command): Applied {
  switch (command.kind) {
    case "move_nodes":
      return move(pipeline, command.positions);
    case "edit_text":
      return edited(pipeline, command.edits);
    case "all":
      return all(pipeline, command.commands);
    case "rename_node":
      return renamed(pipeline, command);
    default:
      return edited(pipeline, planned(pipeline.text, command));
  }
}

/** Everything of `after` in place of what there is: an import, a restored revision, the other side of a conflict. */
export function replaceText(before: string, after: string): Command {
  return { kind: "edit_text", edits: editBetween(before, after) };
}

function edited(pipeline: Pipeline, edits: readonly TextEdit[]): Applied {
  return {
    pipeline: { ...pipeline, text: applyEdits(pipeline.text, edits) },
    inverse: { kind: "edit_text", edits: invertEdits(pipeline.text, edits) },
  };
}

function all(pipeline: Pipeline, commands: readonly Command[]): Applied {
  const inverses: Command[] = [];
  let current = pipeline;
  for (let at = 0; at < commands.length;) {
    const run = additions(commands, at);
    const applied = run.length > 1 ? edited(current, planned(current.text, { kind: "additions", commands: run })) : apply(current, commands[at] as Command);
    current = applied.pipeline;
    inverses.push(applied.inverse);
    at += Math.max(run.length, 1);
  }
  return { pipeline: current, inverse: { kind: "all", commands: inverses.reverse() } };
}

/** The nodes, or wires, that come one after the other from there on: they are made together. */
function additions(commands: readonly Command[], at: number): Addition[] {
  const run: Addition[] = [];
  for (const command of commands.slice(at)) {
    if ((command.kind !== "add_node" && command.kind !== "connect") || command.kind !== commands[at]?.kind) break;
    run.push(command);
  }
  return run;
}

/** The node's place goes with its name. */
function renamed(pipeline: Pipeline, command: Extract<Command, { kind: "rename_node" }>): Applied {
  const changed = edited(pipeline, planned(pipeline.text, command));
  const place = pipeline.layout[command.node];
  if (!place || command.node === command.to) return changed;
  const moved = move(changed.pipeline, { [command.node]: null, [command.to]: place });
  return { pipeline: moved.pipeline, inverse: { kind: "all", commands: [moved.inverse, changed.inverse] } };
}

function move(pipeline: Pipeline, positions: Readonly<Record<string, Place | null>>): Applied {
  const before: Record<string, Place | null> = {};
  const layout: Record<string, Place> = { ...pipeline.layout };
  for (const [node, place] of Object.entries(positions)) {
    before[node] = pipeline.layout[node] ?? null;
    if (place) layout[node] = place;
    else Reflect.deleteProperty(layout, node);
  }
  return { pipeline: { ...pipeline, layout }, inverse: { kind: "move_nodes", positions: before } };
}
