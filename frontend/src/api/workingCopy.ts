/** What a pipeline says while people edit it: read, edited entry by entry, kept as a revision. */

import type { TextEdit } from "../document/edits";
import type { Layout, Place } from "../document/model";
import { t } from "../i18n";
import { request } from "./client";
import { ApiError } from "./errors";
import { fetchSession } from "./session";

/** An entry of the log, as it is sent. */
export interface Entry {
  /** Made for this entry: sent again, it does nothing. */
  readonly key: string;
  readonly label: string;
  readonly edits: readonly TextEdit[];
  readonly layout: Readonly<Record<string, Place | null>>;
  /** The page's command, for the log's readers. */
  readonly command: unknown;
  /** The revision that the text rests on from here on; null: as before. */
  readonly base: number | null;
}

export interface LoggedEntry extends Entry {
  readonly version: number;
  readonly at: string;
  readonly author: string | null;
}

export interface WorkingCopy {
  readonly version: number;
  readonly text: string;
  readonly layout: Layout;
  /** The revision that the text rests on, and its document. */
  readonly revision: number;
  readonly saved: string;
  /** The newest revision. */
  readonly head: number;
  /** The entries since a version, or since the revision; null where the log does not reach back so far. */
  readonly edits: readonly LoggedEntry[] | null;
}

/** An answer that takes longer than this is none. */
export const PATIENCE_MS = 20_000;

const within = () => AbortSignal.timeout(PATIENCE_MS);
const match = (version: number) => ({ "If-Match": `"${version}"` });

export function fetchWorkingCopy(pipeline: number, since?: number): Promise<WorkingCopy> {
  return request("GET", `pipelines/${pipeline}/working-copy`, { query: { since }, signal: within() });
}

/** Adds a person's entries to the log; the version after them. Where others edited since, `overtaken` tells what they made of it. */
export async function sendEdits(user: string, pipeline: number, version: number, edits: readonly Entry[]): Promise<number> {
  const post = () => request<{ version: number }>("POST", `pipelines/${pipeline}/edits`, { body: { edits }, headers: match(version), signal: within() });
  try {
    return (await post()).version;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    const session = await fetchSession(); // signed in anew in another tab, the token of this page's writes is an old one
    if (session.user?.username !== user) throw new ApiError(401, { code: "unauthenticated", message: t("Somebody else is signed in.") });
    return (await post()).version;
  }
}

/** Keeps the working copy in this version as a revision. */
export function saveWorkingCopy(pipeline: number, version: number, message: string): Promise<{ revision: number; version: number }> {
  return request("POST", `pipelines/${pipeline}/working-copy/save`, { body: { message }, headers: match(version), signal: within() });
}

/** What others made of a working copy, where a request was refused because of it. */
export function overtaken(error: unknown): WorkingCopy | null {
  if (!(error instanceof ApiError) || error.status !== 412) return null;
  const { body } = error;
  return typeof body === "object" && body !== null && "working_copy" in body ? (body.working_copy as WorkingCopy) : null;
}
