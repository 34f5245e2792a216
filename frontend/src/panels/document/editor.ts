/** The state of a pipeline that is open: its document and layout with their history, what was saved, what the compiler says. */

import { createContext, use } from "react";
import { type StoreApi, createStore, useStore } from "zustand";

import type { Compiled, Diagnostic } from "../../api/types";
import { type Command, type Pipeline, replaceText } from "../../document/commands";
import { type History, begin, perform, redo, undo } from "../../document/history";
import { type Layout, type Model, readModel } from "../../document/model";
import { t } from "../../i18n";
import { type Changed, between } from "./entry";
import type { Inside } from "./inside";
import { KEPT, type Keeping, type Outbox, type What } from "./outbox";

/** What somebody else made of it: as they edit it, or as a revision of theirs. */
export interface Theirs {
  kind: "edits" | "revision";
  /** The revision that theirs is, or rests on. */
  revision: number;
  document: string;
}

export interface EditorState {
  readonly pipeline: number;
  /** The revision that the text rests on, and its document. */
  revision: number;
  saved: string;
  /** The newest revision: another one, where somebody saved one meanwhile. */
  head: number;
  history: History;
  /** What the text says; of a text that is not YAML, what the last one that was said. */
  model: Model;
  /** Whether `model` is of an earlier text. */
  broken: boolean;
  compiled: Compiled | null;
  /** The last compiled form that has SQL. */
  good: Compiled | null;
  /** The text that `compiled` is of. */
  compiledText: string | null;
  checkError: unknown;
  /** What somebody else made of it, and this text does not rest on: to be settled by the person. */
  conflict: Theirs | null;
  /** How far what was edited has come on its way to the platform. */
  keeping: Keeping;
  /** Where every change goes. */
  outbox: Outbox | null;
  /** Where this is, if it is inside a component. */
  inside: Inside | null;

  change: (command: Command, label: string, group?: string) => void;
  undo: () => void;
  redo: () => void;
  checked: (text: string, compiled: Compiled | null, error?: unknown) => void;
  /** Shows what others made of it; one can undo it like one's own. */
  take: (pipeline: Pipeline, label: string) => void;
  /** The text rests on this revision now. */
  rest: (revision: number, saved: string, head: number) => void;
  meet: (theirs: Theirs | null) => void;
  /** Goes on from another's revision: with its text, or with one's own on top of it. */
  settle: (whose: "mine" | "theirs") => void;
}

/** An entry of the log, as far as the history needs it. */
export type Logged = Changed & { readonly label?: string; readonly at?: string; readonly command?: unknown };

export interface Opened {
  pipeline: number;
  /** The revision that it rests on, and its document. */
  revision: number;
  document: string;
  head?: number;
  layout: Layout;
  /** What was edited since that revision. */
  since?: readonly Logged[];
  /** What it says now, where that is not the document. */
  text?: string;
}

export type Editor = StoreApi<EditorState>;

export function createEditor(opened: Opened): Editor {
  return createStore<EditorState>((set, get) => {
    const take = (history: History) => set({ history, ...read(history.pipeline.text, get()) });
    const record = (history: History, what: What) => {
      const before = get().history.pipeline;
      if (history.pipeline === before) return;
      take(history);
      get().outbox?.add(before, history.pipeline, what);
    };
    return {
      pipeline: opened.pipeline,
      revision: opened.revision,
      saved: opened.document,
      head: opened.head ?? opened.revision,
      ...start(opened),
      compiled: null,
      good: null,
      compiledText: null,
      checkError: null,
      conflict: null,
      keeping: KEPT,
      outbox: null,
      inside: null,
      change: (command, label, group = "") => record(perform(get().history, command, label, Date.now(), group), { label, command, group }),
      undo: () => {
        const step = get().history.past.at(-1);
        if (step) record(undo(get().history), { label: t("Undo: {what}", { what: step.label }), command: step.undo });
      },
      redo: () => {
        const [step] = get().history.future;
        if (step) record(redo(get().history), { label: t("Redo: {what}", { what: step.label }), command: step.redo });
      },
      checked: (text, compiled, error = null) =>
        set((state) => ({
          compiled: compiled ?? state.compiled,
          good: compiled?.sql ? compiled : state.good,
          compiledText: compiled ? text : state.compiledText,
          checkError: error,
        })),
      take: (pipeline, label) => take(perform(get().history, commandTo(get().history.pipeline, pipeline), label, Date.now())),
      rest: (revision, saved, head) => set({ revision, saved, head }),
      meet: (conflict) => set({ conflict }),
      settle: (whose) => {
        const theirs = get().conflict;
        if (!theirs) return;
        const label = whose === "theirs" ? t("Take theirs") : t("Keep mine");
        set({ conflict: null });
        if (theirs.kind === "edits") return get().outbox?.settle(whose, label);
        const before = get().history.pipeline;
        get().rest(theirs.revision, theirs.document, Math.max(theirs.revision, get().head));
        if (whose === "theirs") take(perform(get().history, replaceText(before.text, theirs.document), label, Date.now()));
        get().outbox?.add(before, get().history.pipeline, { label, base: theirs.revision });
      },
    };
  });
}

/** The history of what was edited since the revision, so that all of it can be undone; without it where it is not known. */
function start(opened: Opened): Pick<EditorState, "history" | "model" | "broken"> {
  const now = { text: opened.text ?? opened.document, layout: opened.layout };
  const history = remembered(opened, now) ?? begin(now);
  const model = readModel(history.pipeline.text);
  return { history, model, broken: model.problems.length > 0 };
}

function remembered({ document, since = [] }: Opened, now: Pipeline): History | null {
  try {
    const edited = since.filter((entry) => entry.edits.length);
    const history = edited.reduce(again, begin({ text: document, layout: now.layout }));
    return history.pipeline.text === now.text ? history : null;
  } catch {
    return null; // the entries are of another text
  }
}

/** An entry as a step; typing that went on is one. */
function again(history: History, { edits, label = "", at = "", command = null }: Logged): History {
  return perform(history, { kind: "edit_text", edits }, label, Date.parse(at) || 0, command === null ? label : "");
}

function commandTo(before: Pipeline, after: Pipeline): Command {
  const { edits, layout } = between(before, after);
  return { kind: "all", commands: [{ kind: "edit_text", edits }, { kind: "move_nodes", positions: layout }] };
}

function read(text: string, before: EditorState): Pick<EditorState, "model" | "broken"> {
  if (text === before.history.pipeline.text) return { model: before.model, broken: before.broken };
  const model = readModel(text);
  return model.problems.length ? { model: { ...before.model, problems: model.problems }, broken: true } : { model, broken: false };
}

export const textOf = (state: EditorState): string => state.history.pipeline.text;
/** Whether the text says something else than its revision. */
export const isDirty = (state: EditorState): boolean => state.history.pipeline.text !== state.saved;
/** Whether somebody saved a revision that the text does not rest on. */
export const isOvertaken = (state: EditorState): boolean => state.head > state.revision;

/** What the compiler says of the text as it stands; nothing while an answer is on its way. */
export const diagnosticsOf = (state: EditorState): readonly Diagnostic[] => state.compiled?.diagnostics ?? NOTHING;
const NOTHING: readonly Diagnostic[] = [];

const EditorContext = createContext<Editor | null>(null);
export const EditorProvider = EditorContext.Provider;

export function useEditorStore(): Editor {
  const editor = use(EditorContext);
  if (!editor) throw new Error("no editor around");
  return editor;
}

/** A part of the open pipeline's state. */
export function useEditor<T>(select: (state: EditorState) => T): T {
  return useStore(useEditorStore(), select);
}
