/** Undo and redo: what was done, with the commands that take it back. Changes of one gesture are one step. */
import { type Command, type Pipeline, apply } from "./commands";

export interface Step {
  /** What was done, for people: "Move 2 nodes". */
  label: string;
  undo: Command;
  redo: Command;
  /** Steps of one group that follow each other quickly become one. "" = never. */
  group: string;
  /** When it last grew, in milliseconds. */
  at: number;
}

export interface History {
  readonly pipeline: Pipeline;
  readonly past: readonly Step[];
  readonly future: readonly Step[];
}

/** Changes of a group that come within this time of each other are one step, in milliseconds. */
export const PAUSE = 1000;
const KEPT = 500;

export function begin(pipeline: Pipeline): History {
  return { pipeline, past: [], future: [] };
}

/** The history with a command done. Without an effect it stays as it is. */
export function perform(history: History, command: Command, label: string, at: number, group = ""): History {
  const { pipeline, inverse } = apply(history.pipeline, command);
  if (pipeline.text === history.pipeline.text && sameLayout(pipeline, history.pipeline)) return history;
  const last = history.past.at(-1);
  if (group && last?.group === group && at - last.at < PAUSE && !history.future.length) {
    const grown = { ...last, at, undo: inSequence(inverse, last.undo), redo: inSequence(last.redo, command) };
    return { pipeline, past: [...history.past.slice(0, -1), grown], future: [] };
  }
  const step = { label, undo: inverse, redo: command, group, at };
  return { pipeline, past: [...history.past.slice(1 - KEPT), step], future: [] };
}

export function undo(history: History): History {
  const step = history.past.at(-1);
  if (!step) return history;
  const { pipeline } = apply(history.pipeline, step.undo);
  return { pipeline, past: history.past.slice(0, -1), future: [step, ...history.future] };
}

export function redo(history: History): History {
  const step = history.future[0];
  if (!step) return history;
  const { pipeline } = apply(history.pipeline, step.redo);
  return { pipeline, past: [...history.past, { ...step, group: "" }], future: history.future.slice(1) };
}

function inSequence(first: Command, second: Command): Command {
  return { kind: "all", commands: [...parts(first), ...parts(second)] };
}

function parts(command: Command): readonly Command[] {
  return command.kind === "all" ? command.commands : [command];
}

function sameLayout(a: Pipeline, b: Pipeline): boolean {
  return a.layout === b.layout || JSON.stringify(a.layout) === JSON.stringify(b.layout);
}
