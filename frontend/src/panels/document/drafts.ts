/** Unsaved text, kept in the browser so that a reload, a crash or a sign-out loses nothing. */

export interface Draft {
  /** The revision it rests on. */
  revision: number;
  text: string;
  /** When it was kept, in milliseconds. */
  at: number;
}

const key = (pipeline: number) => `porsche.draft.${pipeline}`;

export function readDraft(pipeline: number, storage: Storage = localStorage): Draft | null {
  try {
    const found = JSON.parse(storage.getItem(key(pipeline)) ?? "null") as Partial<Draft> | null;
    if (typeof found?.revision !== "number" || typeof found.text !== "string" || typeof found.at !== "number") return null;
    return { revision: found.revision, text: found.text, at: found.at };
  } catch {
    return null; // what another version or a person wrote there is no draft
  }
}

/** Keeps the text as a draft; says whether the browser took it. */
export function keepDraft(pipeline: number, draft: Draft, storage: Storage = localStorage): boolean {
  try {
    storage.setItem(key(pipeline), JSON.stringify(draft));
    return true;
  } catch {
    return false; // storage is full or forbidden
  }
}

export function dropDraft(pipeline: number, storage: Storage = localStorage): void {
  try {
    storage.removeItem(key(pipeline));
  } catch {
    // where nothing can be stored, nothing is
  }
}
