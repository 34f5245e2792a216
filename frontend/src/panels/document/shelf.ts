/** Entries that the platform has not acknowledged, in the browser's storage: a reload, a crash or a sign-out loses none. */

import type { Entry } from "../../api/workingCopy";
import type { Layout } from "../../document/model";

/** What the platform has acknowledged: the entries rest on it. */
export interface Acknowledged {
  readonly version: number;
  readonly text: string;
  readonly layout: Layout;
}

/** What a visit left unacknowledged. */
export interface Left {
  readonly base: Acknowledged;
  readonly entries: readonly Entry[];
}

/** A key that nobody else makes; also where the page came over plain HTTP, where browsers have no `randomUUID`. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const PREFIX = "porsche.edits";

/**
 * Of one visit of a pipeline by one person; each visit has a shelf of its own, so that tabs do not mix theirs. What rests
 * under the entries is written once for them all: typing writes only what is typed.
 */
export class Shelf {
  private readonly name: string;
  private based = false;

  constructor(
    pipeline: number,
    user: string,
    private readonly storage: Storage = localStorage,
    visit: string = uuid(),
  ) {
    this.name = `${PREFIX}.${pipeline}.${user}.${visit}`;
  }

  /** Keeps these entries and no others; says whether the browser took them. */
  keep(base: Acknowledged, entries: readonly Entry[], rebased: boolean): boolean {
    try {
      if (!entries.length) return this.clear();
      if (rebased || !this.based) this.storage.setItem(`${this.name}.base`, JSON.stringify(base));
      this.based = true;
      this.storage.setItem(`${this.name}.entries`, JSON.stringify(entries));
      return true;
    } catch {
      return false; // storage is full or forbidden
    }
  }

  private clear(): true {
    this.based = false;
    this.storage.removeItem(`${this.name}.entries`);
    this.storage.removeItem(`${this.name}.base`);
    return true;
  }
}

/** What an earlier visit left of a pipeline, or another tab has not been able to send; taken once. Sending it twice does nothing more. */
export function takeLeft(pipeline: number, user: string, storage: Storage = localStorage): Left | null {
  try {
    const prefix = `${PREFIX}.${pipeline}.${user}.`;
    const names = Object.keys(storage).filter((name) => name.startsWith(prefix) && name.endsWith(".entries"));
    for (const name of names.sort()) {
      const base = name.replace(/entries$/, "base");
      const left = readLeft(storage.getItem(base), storage.getItem(name));
      storage.removeItem(name);
      storage.removeItem(base);
      if (left) return left;
    }
  } catch {
    // where nothing can be stored, nothing was
  }
  return null;
}

function readLeft(base: string | null, entries: string | null): Left | null {
  try {
    const left = { base: JSON.parse(base ?? "null") as Acknowledged | null, entries: JSON.parse(entries ?? "null") as Entry[] | null };
    const sane = typeof left.base?.version === "number" && typeof left.base.text === "string" && Array.isArray(left.entries) && left.entries.length > 0;
    return sane && left.base && left.entries ? { base: left.base, entries: left.entries } : null;
  } catch {
    return null; // what another version or a person wrote there
  }
}
