/**
 * What was edited, on its way to the platform: entries in order, one request at a time, tried again until acknowledged.
 * What others did meanwhile is taken up where it does not touch the same; else it is a conflict, and nothing is sent until
 * the person has chosen.
 */

import { ApiError, isSignedOut } from "../../api/errors";
import { type Entry, type WorkingCopy, overtaken } from "../../api/workingCopy";
import type { Pipeline } from "../../document/commands";
import { t } from "../../i18n";
import { type Changed, between, isNothing, replay } from "./entry";
import { type Acknowledged, type Left, type Shelf, uuid } from "./shelf";

/** How far what was edited has come. */
export interface Keeping {
  /** refused: the platform will not take it, whatever is done; conflict: a person has to choose. */
  readonly state: "kept" | "sending" | "waiting" | "refused" | "conflict";
  /** Why it waits, or was refused. */
  readonly error: ApiError | null;
  readonly entries: number;
  /** Whether the browser keeps what is not acknowledged: a reload then loses nothing. */
  readonly stored: boolean;
}

export const KEPT: Keeping = { state: "kept", error: null, entries: 0, stored: true };

/** The editor, as the outbox knows it. */
export interface Host {
  /** What the pipeline says here: the acknowledged version with all that waits. */
  now: () => Pipeline;
  /** Shows what others made of it. */
  take: (pipeline: Pipeline, label: string) => void;
  /** The revision that the acknowledged text rests on. */
  rest: (copy: WorkingCopy) => void;
  tell: (keeping: Keeping) => void;
  /** Both edited the same: theirs, to be shown beside one's own. */
  meet: (theirs: WorkingCopy) => void;
  /** A version was acknowledged that other tabs do not know of. */
  announce: (version: number) => void;
}

export interface What {
  label: string;
  command?: unknown;
  group?: string;
  base?: number;
}

/** Typing that goes on is one entry as long as it was not sent. */
const MERGED_MS = 1000;
export const GATHER_MS = 250;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;
const MOST = 100;
const LARGEST_COMMAND = 100_000;

interface Waiting {
  entry: Entry;
  group: string;
  at: number;
  /** What the entry changes; unknown of those of an earlier visit. */
  before: Pipeline | null;
}

export class Outbox {
  base: Acknowledged;
  private waiting: Waiting[] = [];
  private flying = 0;
  private failures = 0;
  private stored = true;
  private trouble: { state: "waiting" | "refused" | "conflict"; error: ApiError | null } | null = null;
  private theirs: WorkingCopy | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private calls: Array<{ done: () => void; failed: (error: unknown) => void }> = [];

  constructor(
    private readonly pipeline: number,
    base: Acknowledged,
    private readonly host: Host,
    private readonly shelf: Shelf,
    private readonly send: (pipeline: number, version: number, entries: readonly Entry[]) => Promise<number>,
    left: Left | null = null,
  ) {
    this.base = left?.base ?? base;
    this.waiting = (left?.entries ?? []).map((entry) => ({ entry, group: "", at: 0, before: null }));
    if (left) {
      this.store(true);
      this.later(0);
    }
  }

  get empty(): boolean {
    return !this.waiting.length;
  }

  /** Whether others' entries can be taken up at once. */
  get resting(): boolean {
    return this.empty && !this.flying;
  }

  /** A change that was made here, from what was before to what is now. */
  add(before: Pipeline, after: Pipeline, what: What): void {
    if (this.trouble?.state === "refused") return this.instead(after, what);
    const last = this.waiting.at(-1);
    const open = last && this.waiting.length > this.flying ? last : null;
    const group = what.group ?? "";
    if (open?.before && group && open.group === group && Date.now() - open.at < MERGED_MS) {
      open.entry = { ...open.entry, ...between(open.before, after) };
      open.at = Date.now();
    } else {
      const changed = between(before, after);
      if (isNothing(changed) && what.base === undefined) return;
      this.waiting.push({ entry: entryOf(changed, what), group, at: Date.now(), before });
    }
    this.store(false);
    if (this.trouble || this.timer) this.tell();
    else this.later(GATHER_MS);
  }

  /** What was refused is not sent again: one entry leads from what was acknowledged to what is here now. */
  private instead(after: Pipeline, what: What): void {
    const changed = between(this.base, after);
    const base = what.base ?? this.waiting.findLast((one) => one.entry.base !== null)?.entry.base ?? undefined;
    this.waiting = isNothing(changed) && base === undefined ? [] : [{ entry: entryOf(changed, { ...what, base }), group: "", at: 0, before: null }];
    this.trouble = null;
    this.store(false);
    this.later(GATHER_MS);
  }

  /** Until everything is acknowledged; fails as soon as that has to wait for something. */
  settled(): Promise<void> {
    if (this.resting) return Promise.resolve();
    return new Promise((done, failed) => {
      this.calls.push({ done, failed });
      this.retry();
    });
  }

  /** Tries at once what waits for another attempt. */
  retry(): void {
    if (this.trouble?.state === "conflict") return this.host.meet(this.theirs as WorkingCopy);
    this.failures = 0;
    this.later(0);
  }

  /** The network, or the sign-in, is back. */
  wake(): void {
    if (this.trouble?.state === "waiting") this.retry();
  }

  /** What others made of it, fetched while nothing was waiting here. */
  follow(copy: WorkingCopy): void {
    if (!this.resting || copy.version < this.base.version) return; // what is here is newer; if not, sending it will tell
    if (copy.version > this.base.version) this.catchUp(copy);
    else this.host.rest(copy);
  }

  /** A conflict is settled: on with theirs alone, or with what is here in place of theirs. */
  settle(whose: "mine" | "theirs", label: string): void {
    const { theirs } = this;
    if (!theirs) return;
    const mine = this.host.now();
    this.base = acknowledged(theirs);
    this.waiting = [];
    if (whose === "mine") {
      const changed = between(this.base, { text: mine.text, layout: { ...theirs.layout, ...mine.layout } });
      if (!isNothing(changed)) this.waiting = [{ entry: entryOf(changed, { label }), group: "", at: 0, before: null }];
    }
    this.theirs = null;
    this.trouble = null;
    this.store(true);
    this.host.take(replay(this.base, this.entries()), label);
    this.host.rest(theirs);
    this.later(0);
  }

  private entries(): Entry[] {
    return this.waiting.map((one) => one.entry);
  }

  private later(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.tell();
    if (!this.flying && !this.empty) this.timer = setTimeout(() => void this.pump(), milliseconds);
    else if (this.resting) this.answerCalls(null);
  }

  private async pump(): Promise<void> {
    this.timer = undefined;
    if (this.flying || this.empty || this.trouble?.state === "conflict") return;
    const sent = this.entries().slice(0, MOST);
    this.flying = sent.length;
    this.tell();
    try {
      const version = await this.send(this.pipeline, this.base.version, sent);
      this.flying = 0;
      this.acknowledged(sent, version);
      this.later(0);
    } catch (error) {
      this.flying = 0;
      const theirs = overtaken(error);
      if (theirs) this.catchUp(theirs);
      else this.failed(error);
    }
  }

  /** Entries are part of the log: what waits rests on the version after them. */
  private acknowledged(sent: readonly Entry[], version: number): void {
    this.base = { version, ...replay(this.base, sent) };
    this.waiting = this.waiting.slice(sent.length);
    this.failures = 0;
    this.trouble = null;
    this.store(true);
    this.host.announce(version);
  }

  /** Others edited: one's own entries that are in the log are acknowledged; what is left is put after theirs, or conflicts. */
  private catchUp(copy: WorkingCopy): void {
    let theirs = copy.edits ?? null;
    while (theirs?.length && this.waiting.length && theirs[0]?.key === this.waiting[0]?.entry.key) {
      const own = this.entries().slice(0, 1);
      this.acknowledged(own, theirs[0]?.version ?? this.base.version);
      theirs = theirs.slice(1);
    }
    const textOfTheirs = theirs === null ? copy.text !== this.base.text : theirs.some((entry) => entry.edits.length > 0);
    const textOfMine = this.waiting.some((one) => one.entry.edits.length > 0);
    if (textOfTheirs && textOfMine) return this.conflict(copy);
    this.base = acknowledged(copy);
    this.waiting = this.waiting.map((one) => ({ ...one, before: null }));
    this.store(true);
    const now = replay(this.base, this.entries());
    this.host.take(now, theirs?.at(-1)?.label ?? "");
    this.host.rest(copy);
    this.later(0);
  }

  private conflict(copy: WorkingCopy): void {
    if (copy.text === this.host.now().text) return this.agree(copy);
    this.theirs = copy;
    this.trouble = { state: "conflict", error: null };
    this.answerCalls(new ApiError(412, { code: "conflict", message: t("Somebody else edited the same meanwhile.") }));
    this.tell();
    this.host.meet(copy);
  }

  /** Both made the same of it. */
  private agree(copy: WorkingCopy): void {
    this.theirs = copy;
    this.settle("theirs", "");
  }

  private failed(error: unknown): void {
    const said = error instanceof ApiError ? error : new ApiError(0, { code: "failed", message: String(error) });
    const again = isPassing(said);
    this.trouble = { state: again ? "waiting" : "refused", error: said };
    this.answerCalls(said);
    this.tell();
    if (!again) return;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.failures, 6));
    this.failures += 1;
    this.later(pause);
  }

  private store(rebased: boolean): void {
    this.stored = this.shelf.keep(this.base, this.entries(), rebased);
  }

  private answerCalls(error: unknown): void {
    const calls = this.calls;
    this.calls = [];
    for (const { done, failed } of calls) if (error === null) done(); else failed(error);
  }

  private tell(): void {
    const state = this.empty ? "kept" : (this.trouble?.state ?? "sending");
    this.host.tell({ state, error: this.trouble?.error ?? null, entries: this.waiting.length, stored: this.stored });
  }
}

/** Whether trying again later may help: no answer, a failing or busy platform, a sign-in that is due, a sign-in's new token. */
function isPassing(error: ApiError): boolean {
  return error.status === 0 || error.status >= 500 || error.status === 429 || error.status === 408 || isSignedOut(error);
}

function acknowledged(copy: WorkingCopy): Acknowledged {
  return { version: copy.version, text: copy.text, layout: copy.layout };
}

function entryOf(changed: Changed, { label, command = null, base }: What): Entry {
  return { key: uuid(), label: oneLine(label), ...changed, command: small(command), base: base ?? null };
}

function oneLine(text: string): string {
  return [...text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim()].slice(0, 100).join(""); // characters, of which some count twice
}

/** Edits of the text say what they do; large commands would be in the log twice. */
function small(command: unknown): unknown {
  const kind = (command as { kind?: unknown } | null)?.kind;
  if (command === null || kind === "edit_text") return null;
  return JSON.stringify(command).length > LARGEST_COMMAND ? null : command;
}
