/** What keeps an open pipeline safe and current: checks while typing, drafts, layout, saving, what others saved meanwhile. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { answered, api } from "../../api/client";
import { compile } from "../../api/compile";
import { ApiError } from "../../api/errors";
import { saveDocument, saveLayout } from "../../api/pipelines";
import type { Layout, PipelineDetail } from "../../api/types";
import { dropDraft, keepDraft } from "./drafts";
import { type Editor, type Theirs, isDirty, textOf, useEditor, useEditorStore } from "./editor";

const CHECK_AFTER_MS = 300;
const DRAFT_AFTER_MS = 400;
const LAYOUT_AFTER_MS = 800;

/** Has the text compiled a moment after it changed; answers for an older text are dropped. */
export function useChecks(): void {
  const editor = useEditorStore();
  const text = useEditor(textOf);
  useEffect(() => {
    const abort = new AbortController();
    const first = editor.getState().compiledText === null;
    const timer = setTimeout(() => void check(editor, text, abort.signal), first ? 0 : CHECK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [editor, text]);
}

async function check(editor: Editor, text: string, signal: AbortSignal): Promise<void> {
  try {
    const compiled = await compile({ document: text }, signal);
    if (!signal.aborted) editor.getState().checked(text, compiled);
  } catch (error) {
    if (!signal.aborted) editor.getState().checked(text, null, error);
  }
}

/** Keeps unsaved text in the browser, and forgets it once it is saved. */
export function useDrafts(): void {
  const editor = useEditorStore();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const keep = () => {
      timer = undefined;
      const state = editor.getState();
      if (isDirty(state)) keepDraft(state.pipeline, { revision: state.revision, text: textOf(state), at: Date.now() });
      else dropDraft(state.pipeline);
    };
    const stop = editor.subscribe((now, before) => {
      if (textOf(now) === textOf(before) && now.saved === before.saved) return;
      timer ??= setTimeout(keep, DRAFT_AFTER_MS);
    });
    const atOnce = () => timer && keep();
    window.addEventListener("pagehide", atOnce);
    return () => {
      stop();
      window.removeEventListener("pagehide", atOnce);
      if (timer) {
        clearTimeout(timer);
        keep();
      }
    };
  }, [editor]);
}

/** Saves where nodes stand a moment after the last was moved. The error of the last attempt, if it failed. */
export function useLayoutSaving(enabled: boolean): unknown {
  const editor = useEditorStore();
  const client = useQueryClient();
  const { mutate, error } = useMutation({
    mutationFn: ({ pipeline, layout }: { pipeline: number; layout: Layout }) => saveLayout(pipeline, layout),
    onSuccess: (_, { pipeline, layout }) =>
      client.setQueryData<PipelineDetail>(["pipeline", pipeline], (old) => (old ? { ...old, layout } : old)),
  });
  useEffect(() => {
    if (!enabled) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const save = () => {
      timer = undefined;
      const { pipeline, history } = editor.getState();
      mutate({ pipeline, layout: history.pipeline.layout as Layout });
    };
    const stop = editor.subscribe((now, before) => {
      if (now.history.pipeline.layout === before.history.pipeline.layout) return;
      clearTimeout(timer);
      timer = setTimeout(save, LAYOUT_AFTER_MS);
    });
    return () => {
      stop();
      if (timer) {
        clearTimeout(timer);
        save();
      }
    };
  }, [editor, enabled, mutate]);
  return error;
}

/** Saves the text as a revision. Where someone saved one meanwhile, that becomes the conflict to settle. */
export function useSaving() {
  const editor = useEditorStore();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (message: string | undefined) => {
      const { pipeline, revision } = editor.getState();
      const text = textOf(editor.getState());
      try {
        const saved = await saveDocument(pipeline, text, revision, message);
        editor.getState().savedAs(saved.revision, text);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 412) throw error;
        editor.getState().meet(await fetchTheirs(pipeline));
      }
      await client.invalidateQueries({ queryKey: ["pipeline", pipeline] });
    },
  });
}

async function fetchTheirs(pipeline: number): Promise<Theirs> {
  const { revision, document } = await answered(api.GET("/api/pipelines/{id}", { params: { path: { id: pipeline } } }));
  return { revision, document };
}

/** A draft of an older revision conflicts as soon as it is opened; what it rests on is then fetched, so that both sides can be seen. */
export function useDraftBase(): void {
  const editor = useEditorStore();
  const pipeline = useEditor((state) => state.pipeline);
  const base = useEditor((state) => (state.saved === state.conflict?.document && state.revision !== state.conflict.revision ? state.revision : null));
  const { data } = useQuery({
    queryKey: ["pipeline", pipeline, "revision", base],
    queryFn: ({ signal }) => answered(api.GET("/api/pipelines/{id}/revisions/{number}", { params: { path: { id: pipeline, number: base ?? 0 } }, signal })),
    enabled: base !== null,
    staleTime: Infinity,
  });
  useEffect(() => {
    if (data && data.number === editor.getState().revision) editor.setState({ saved: data.document });
  }, [editor, data]);
}

/** Takes up what others saved: at once where nothing is unsaved here, else as a conflict when the person asks for it. */
export function useOthers(detail: PipelineDetail): boolean {
  const editor = useEditorStore();
  const revision = useEditor((state) => state.revision);
  const dirty = useEditor(isDirty);
  const newer = detail.revision > revision;
  const taken = useRef(detail.revision);
  useEffect(() => {
    if (!newer || dirty || taken.current === detail.revision) return;
    taken.current = detail.revision;
    editor.getState().adopt({ revision: detail.revision, document: detail.document });
  }, [editor, newer, dirty, detail]);
  return newer && dirty;
}
