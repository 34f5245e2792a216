/** Pipelines that are open on this page: their editors, with what is on its way to the platform. */

import { useQuery } from "@tanstack/react-query";

import { type WorkingCopy, fetchWorkingCopy, sendEdits } from "../../api/workingCopy";
import { type Editor, createEditor } from "./editor";
import { replay } from "./entry";
import { type Host, Outbox } from "./outbox";
import { type Left, Shelf, takeLeft } from "./shelf";

/** Editors stay when their page is left: what is under way goes on, and one comes back to one's history. */
const OPEN = new Map<string, Editor>();
const MOST = 8;

const name = (pipeline: number, user: string) => `${pipeline} ${user}`;

/** The editor that this page has of a pipeline; null where it was not opened yet. */
export const openedEditor = (pipeline: number, user: string): Editor | null => OPEN.get(name(pipeline, user)) ?? null;

export function useWorkingCopy(pipeline: number, enabled: boolean) {
  return useQuery({
    queryKey: ["pipeline", pipeline, "working-copy"],
    queryFn: () => fetchWorkingCopy(pipeline),
    enabled,
    gcTime: 0, // an old one must not be opened again
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

/** The editor of a pipeline as the platform has it, with what an earlier visit could not send. */
export function openEditor(pipeline: number, user: string, copy: WorkingCopy): Editor {
  const known = openedEditor(pipeline, user);
  if (known) return known;
  const left = takeLeft(pipeline, user);
  const editor = (left && resumed(pipeline, copy, left)) ?? begun(pipeline, copy);
  const base = { version: copy.version, text: copy.text, layout: copy.layout };
  const send = sendEdits.bind(null, user);
  editor.setState({ outbox: new Outbox(pipeline, base, hostOf(editor), new Shelf(pipeline, user), send, left) });
  OPEN.set(name(pipeline, user), editor);
  for (const [key, each] of OPEN) if (OPEN.size > MOST && each !== editor && each.getState().outbox?.resting) OPEN.delete(key);
  return editor;
}

function begun(pipeline: number, copy: WorkingCopy): Editor {
  return createEditor({
    pipeline, revision: copy.revision, document: copy.saved, head: copy.head, layout: copy.layout, text: copy.text, since: copy.edits ?? [],
  });
}

function resumed(pipeline: number, copy: WorkingCopy, { base, entries }: Left): Editor | null {
  try {
    const editor = begun(pipeline, { ...copy, ...base, edits: base.version === copy.version ? copy.edits : [] });
    for (const entry of entries) editor.getState().take(replay(editor.getState().history.pipeline, [entry]), entry.label);
    return editor;
  } catch {
    return null; // what was kept is of another text: nobody could make sense of it
  }
}

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("porsche.edits");

/** Another tab of this browser has made a version. */
export interface Announced {
  pipeline: number;
  version: number;
}

/** Calls when another tab has made a version; the function returned ends it. */
export function onAnnounced(call: (told: Announced) => void): () => void {
  const listen = (event: MessageEvent<Announced>) => call(event.data);
  channel?.addEventListener("message", listen);
  return () => channel?.removeEventListener("message", listen);
}

function hostOf(editor: Editor): Host {
  const state = () => editor.getState();
  return {
    now: () => state().history.pipeline,
    take: (pipeline, label) => state().take(pipeline, label),
    rest: (copy) => state().rest(copy.revision, copy.saved, copy.head),
    tell: (keeping) => editor.setState({ keeping }),
    meet: (copy) => state().meet({ kind: "edits", revision: copy.revision, document: copy.text }),
    announce: (version) => channel?.postMessage({ pipeline: state().pipeline, version } satisfies Announced),
  };
}
