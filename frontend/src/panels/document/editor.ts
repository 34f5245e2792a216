/** The state of a pipeline that is open: its document and layout with their history, what was saved, what the compiler says. */

import { createContext, use } from "react";
import { type StoreApi, createStore, useStore } from "zustand";

import type { Compiled, Diagnostic } from "../../api/types";
import { type Command, replaceText } from "../../document/commands";
import { type History, begin, perform, redo, undo } from "../../document/history";
import { type Layout, type Model, readModel } from "../../document/model";

/** A revision as someone else saved it. */
export interface Theirs {
  revision: number;
  document: string;
}

export interface EditorState {
  readonly pipeline: number;
  /** The revision that the text rests on, and its document. */
  revision: number;
  saved: string;
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
  /** A newer revision that the text does not rest on: to be settled by the person. */
  conflict: Theirs | null;
  /** When the draft was made that was taken up again, in milliseconds. */
  restoredFrom: number | null;

  change: (command: Command, label: string, group?: string) => void;
  undo: () => void;
  redo: () => void;
  checked: (text: string, compiled: Compiled | null, error?: unknown) => void;
  /** The text (or an older one) is now this revision. */
  savedAs: (revision: number, document: string, diagnostics?: Diagnostic[]) => void;
  meet: (theirs: Theirs | null) => void;
  /** Goes on from another's revision: with its text, or with one's own on top of it. */
  settle: (whose: "mine" | "theirs") => void;
  adopt: (theirs: Theirs) => void;
  forgetDraft: () => void;
}

export interface Opened {
  pipeline: number;
  revision: number;
  document: string;
  layout: Layout;
  /** Unsaved changes of an earlier visit, which rested on `revision`. */
  draft?: { text: string; at: number } | null;
}

export type Editor = StoreApi<EditorState>;

export function createEditor(opened: Opened): Editor {
  return createStore<EditorState>((set, get) => {
    const take = (history: History) => set({ history, ...read(history.pipeline.text, get()) });
    return {
      pipeline: opened.pipeline,
      revision: opened.revision,
      saved: opened.document,
      ...start(opened),
      compiled: null,
      good: null,
      compiledText: null,
      checkError: null,
      conflict: null,
      restoredFrom: opened.draft?.at ?? null,
      change: (command, label, group = "") => take(perform(get().history, command, label, Date.now(), group)),
      undo: () => take(undo(get().history)),
      redo: () => take(redo(get().history)),
      checked: (text, compiled, error = null) =>
        set((state) => ({
          compiled: compiled ?? state.compiled,
          good: compiled?.sql ? compiled : state.good,
          compiledText: compiled ? text : state.compiledText,
          checkError: error,
        })),
      savedAs: (revision, document) => set({ revision, saved: document, restoredFrom: null, conflict: null }),
      meet: (conflict) => set({ conflict }),
      settle: (whose) => {
        const theirs = get().conflict;
        if (!theirs) return;
        set({ revision: theirs.revision, saved: theirs.document, conflict: null });
        if (whose === "theirs") get().change(replaceText(get().history.pipeline.text, theirs.document), "Take their revision");
      },
      adopt: (theirs) => {
        set({ revision: theirs.revision, saved: theirs.document });
        get().change(replaceText(get().history.pipeline.text, theirs.document), `Revision ${theirs.revision}`);
      },
      forgetDraft: () => {
        get().change(replaceText(get().history.pipeline.text, get().saved), "Discard changes");
        set({ restoredFrom: null });
      },
    };
  });
}

function start(opened: Opened): Pick<EditorState, "history" | "model" | "broken"> {
  let history = begin({ text: opened.document, layout: opened.layout });
  if (opened.draft) history = perform(history, replaceText(opened.document, opened.draft.text), "Unsaved changes", opened.draft.at);
  const model = readModel(history.pipeline.text);
  return { history, model, broken: model.problems.length > 0 };
}

function read(text: string, before: EditorState): Pick<EditorState, "model" | "broken"> {
  if (text === before.history.pipeline.text) return { model: before.model, broken: before.broken };
  const model = readModel(text);
  return model.problems.length ? { model: { ...before.model, problems: model.problems }, broken: true } : { model, broken: false };
}

export const textOf = (state: EditorState): string => state.history.pipeline.text;
export const isDirty = (state: EditorState): boolean => state.history.pipeline.text !== state.saved;

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
