/** Asks for a preview whenever the document or the selected node has changed; what is outdated is given up. */

import { useEffect } from "react";

import { ApiError } from "../../api/errors";
import { type PreviewOrder, preview } from "../../api/preview";
import { type Editor, textOf, useEditor, useEditorStore } from "../document/editor";
import { type Begin, answered, asking, failed, forget, usePreview } from "./store";

const ASK_AFTER_MS = 150;
/** This page, among those that one person has open. */
const TAB = Math.random().toString(36).slice(2);

export function usePreviewing(project: string, node: string | null): void {
  const editor = useEditorStore();
  const text = useEditor(textOf);
  const round = usePreview((state) => state.round);
  useEffect(() => {
    const abort = new AbortController();
    const changed = usePreview.getState().text !== null && usePreview.getState().text !== text;
    const timer = setTimeout(() => void ask(editor, project, node, abort.signal), changed ? ASK_AFTER_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [editor, project, text, node, round]);
  useEffect(() => forget, [editor]);
}

async function ask(editor: Editor, project: string, node: string | null, signal: AbortSignal): Promise<void> {
  const document = textOf(editor.getState());
  const { anew, begins } = usePreview.getState();
  asking();
  try {
    const samples = samplesOf(begins, anew);
    const answer = await preview({ project, document, node, tab: TAB, samples }, signal);
    if (!signal.aborted) answered(document, answer);
  } catch (error) {
    if (!signal.aborted && !(error instanceof ApiError && error.code === "outdated")) failed(error);
  }
}

/** What is asked of the sources: where those begin of which it was said, and which are read once more. */
export function samplesOf(begins: Readonly<Record<string, Begin>>, anew: readonly string[] = []): NonNullable<PreviewOrder["samples"]> {
  return Object.fromEntries([...new Set([...anew, ...Object.keys(begins)])].map((source) => [
    source, { ...(anew.includes(source) ? { anew: true } : {}), ...beginOf(begins[source]) },
  ]));
}

function beginOf(begin: Begin | undefined): { run?: number; newest?: boolean } {
  if (begin === undefined) return {};
  return typeof begin === "number" ? { run: begin } : { newest: begin === "newest" };
}
