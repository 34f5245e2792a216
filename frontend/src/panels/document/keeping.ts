/** What keeps an open pipeline safe and current: checks while typing, revisions, what others do meanwhile. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { answered, api } from "../../api/client";
import { compile } from "../../api/compile";
import { ApiError, isSignedOut } from "../../api/errors";
import { useLive } from "../../api/live";
import { useSession } from "../../api/session";
import { fetchWorkingCopy, overtaken, saveWorkingCopy } from "../../api/workingCopy";
import { t } from "../../i18n";
import { settleTyping } from "./typing";
import { type Editor, isDirty, textOf, useEditor, useEditorStore } from "./editor";
import { onAnnounced } from "./opening";

const CHECK_AFTER_MS = 300;

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

/** Keeps the pipeline as it is now as a revision. Where somebody saved one meanwhile, that becomes the conflict to settle. */
export function useSaving() {
  const editor = useEditorStore();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (message: string | undefined) => {
      const saved = await saveRevision(editor, message ?? "");
      await client.invalidateQueries({ queryKey: ["pipeline", editor.getState().pipeline] });
      return saved;
    },
  });
}

/** Saves what is here as a revision, once all of it is at the platform; false where somebody saved another one meanwhile. */
export async function saveRevision(editor: Editor, message: string): Promise<boolean> {
  settleTyping();
  const { outbox, pipeline } = editor.getState();
  if (!outbox) return false;
  await outbox.settled();
  const { version } = outbox.base;
  try {
    await saveWorkingCopy(pipeline, version, message);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 412) throw error;
    if (!overtaken(error)) {
      await compare(editor);
      return false;
    }
    outbox.follow(await fetchWorkingCopy(pipeline, outbox.base.version));
    if (!isDirty(editor.getState())) return true; // it was saved: only the answer had been lost
    throw new ApiError(412, { code: "edited_meanwhile", message: t("Somebody edited it at this moment."), hint: t("Look at what they did, and save again.") });
  }
  outbox.follow(await fetchWorkingCopy(pipeline, outbox.base.version));
  return true;
}

/** Shows the newest revision beside what is here, so that the person chooses. */
export async function compare(editor: Editor): Promise<void> {
  const { revision, document } = await answered(api.GET("/api/pipelines/{id}", { params: { path: { id: editor.getState().pipeline } } }));
  editor.getState().meet({ kind: "revision", revision, document });
}

/** Takes up what others did, in other tabs and elsewhere, as soon as it is told; at the latest when one comes back to the page. */
export function useFollowing(): void {
  const editor = useEditorStore();
  const pipeline = useEditor((state) => state.pipeline);
  const told = useLive((state) => state.edited[pipeline]);
  const client = useQueryClient();
  const head = told?.head;
  const { data: session } = useSession();
  const lapsed = session?.lapsed === true;
  const refused = useEditor((state) => isSignedOut(state.keeping.error));
  useEffect(() => {
    if (refused) void client.invalidateQueries({ queryKey: ["session"] }); // says so on the page at once
  }, [client, refused]);
  useEffect(() => {
    if (!lapsed) editor.getState().outbox?.wake();
  }, [editor, lapsed]);
  useEffect(() => {
    if (told && isNews(editor, told)) void follow(editor);
  }, [editor, told]);
  useEffect(() => {
    if (head !== undefined) void client.invalidateQueries({ queryKey: ["pipeline", pipeline] });
  }, [client, pipeline, head]);
  useEffect(() => {
    const onSight = () => document.visibilityState === "visible" && void follow(editor);
    const onNetwork = () => editor.getState().outbox?.wake();
    const end = onAnnounced((other) => other.pipeline === pipeline && other.version > versionOf(editor) && void follow(editor));
    void follow(editor);
    document.addEventListener("visibilitychange", onSight);
    window.addEventListener("online", onNetwork);
    window.addEventListener("pagehide", settleTyping);
    return () => {
      end();
      document.removeEventListener("visibilitychange", onSight);
      window.removeEventListener("online", onNetwork);
      window.removeEventListener("pagehide", settleTyping);
    };
  }, [editor, pipeline]);
}

const versionOf = (editor: Editor): number => editor.getState().outbox?.base.version ?? 0;

function isNews(editor: Editor, told: { version: number; revision: number; head: number }): boolean {
  const { revision, head } = editor.getState();
  return told.version > versionOf(editor) || (told.version === versionOf(editor) && (told.revision !== revision || told.head !== head));
}

async function follow(editor: Editor): Promise<void> {
  const { outbox, pipeline } = editor.getState();
  if (!outbox?.resting) return;
  try {
    outbox.follow(await fetchWorkingCopy(pipeline, outbox.base.version));
  } catch {
    // what is told next, or sent next, tries again; that the platform is away is said elsewhere
  }
}
