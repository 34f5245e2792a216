// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "../../api/errors";
import type { Entry, LoggedEntry, WorkingCopy } from "../../api/workingCopy";
import { replaceText } from "../../document/commands";
import { type Editor, createEditor, textOf } from "./editor";
import { replay } from "./entry";
import { Outbox } from "./outbox";
import { Shelf, takeLeft } from "./shelf";

const TEXT = "name: p\n";

/** A platform that keeps a log as the real one does; `fails` are what it answers next instead. */
class Platform {
  text = TEXT;
  layout: WorkingCopy["layout"] = {};
  log: LoggedEntry[] = [];
  fails: Array<ApiError | "lost"> = [];
  requests = 0;

  send = (_pipeline: number, version: number, entries: readonly Entry[]): Promise<number> => {
    this.requests += 1;
    const fail = this.fails.shift();
    if (fail instanceof ApiError) return Promise.reject(fail);
    const known = entries.filter((entry) => this.log.some((one) => one.key === entry.key));
    const fresh = entries.slice(known.length);
    const last = this.log.find((one) => one.key === known.at(-1)?.key)?.version ?? version;
    if (fresh.length && last !== this.log.length) return Promise.reject(new ApiError(412, { code: "stale_version", message: "" }, { working_copy: this.copy(version) }));
    for (const entry of fresh) this.edit(entry);
    return fail === "lost" ? Promise.reject(new ApiError(0, { code: "unreachable", message: "no answer" })) : Promise.resolve(fresh.length ? this.log.length : last);
  };

  edit(entry: Partial<Entry>, author = "me"): void {
    const whole = { key: crypto.randomUUID(), label: "", edits: [], layout: {}, command: null, base: null, ...entry };
    const made = replay({ text: this.text, layout: this.layout }, [whole]);
    this.text = made.text;
    this.layout = made.layout;
    this.log = [...this.log, { ...whole, version: this.log.length + 1, at: "", author }];
  }

  copy(since: number): WorkingCopy {
    return { version: this.log.length, text: this.text, layout: this.layout, revision: 1, saved: TEXT, head: 1, edits: this.log.slice(since) };
  }
}

let platform: Platform;

function open(): Editor {
  const left = takeLeft(1, "me");
  const editor = createEditor({ pipeline: 1, revision: 1, document: TEXT, layout: left?.base.layout ?? platform.layout, text: left?.base.text ?? platform.text });
  for (const entry of left?.entries ?? []) editor.getState().take(replay(editor.getState().history.pipeline, [entry]), entry.label);
  const { version, text, layout } = platform.copy(0);
  editor.setState({ outbox: new Outbox(1, { version, text, layout }, {
    now: () => editor.getState().history.pipeline,
    take: (pipeline, label) => editor.getState().take(pipeline, label),
    rest: (copy) => editor.getState().rest(copy.revision, copy.saved, copy.head),
    tell: (keeping) => editor.setState({ keeping }),
    meet: (copy) => editor.getState().meet({ kind: "edits", revision: copy.revision, document: copy.text }),
    announce: () => undefined,
  }, new Shelf(1, "me"), platform.send, left) });
  return editor;
}

const type = (editor: Editor, text: string, group = "") => editor.getState().change(replaceText(textOf(editor.getState()), text), `Type ${text}`, group);
const state = (editor: Editor) => editor.getState().keeping.state;
const passes = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
const kept = () => Object.keys(localStorage).filter((name) => name.endsWith(".entries"));

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  platform = new Platform();
});
afterEach(() => vi.useRealTimers());

describe("what is edited", () => {
  it("reaches the platform, in order, and is then forgotten here", async () => {
    const editor = open();
    type(editor, "name: pq\n");
    editor.getState().change({ kind: "move_nodes", positions: { a: [1, 2] } }, "Move a");
    expect([state(editor), kept().length]).toEqual(["sending", 1]);
    await passes(1);
    expect([platform.text, platform.layout, platform.log.map((one) => one.label)]).toEqual(["name: pq\n", { a: [1, 2] }, ["Type name: pq", "Move a"]]);
    expect([state(editor), kept(), platform.requests]).toEqual(["kept", [], 1]);
    expect(platform.log[1]?.command).toEqual({ kind: "move_nodes", positions: { a: [1, 2] } });
  });

  it("is in the browser's storage with each stroke", () => {
    const editor = open();
    for (const text of ["name: pq\n", "name: pqr\n", "name: pqrs\n"]) type(editor, text, "typing");
    const again = open();
    expect(textOf(again.getState())).toBe("name: pqrs\n");
  });

  it("is one entry as long as typing goes on and nothing was sent", async () => {
    const editor = open();
    for (const text of ["name: pq\n", "name: pqr\n", "name: pqrs\n"]) type(editor, text, "typing");
    await passes(1);
    expect(platform.log.map((one) => one.edits)).toEqual([[{ from: 7, to: 7, insert: "qrs" }]]);
  });

  it("goes on while a request is under way", async () => {
    const editor = open();
    type(editor, "name: pq\n", "typing");
    await vi.advanceTimersByTimeAsync(250);
    type(editor, "name: pqr\n", "typing");
    await passes(1);
    expect([platform.text, platform.log.length, state(editor)]).toEqual(["name: pqr\n", 2, "kept"]);
  });

  it("can be undone there, too", async () => {
    const editor = open();
    type(editor, "name: pq\n");
    await passes(1);
    editor.getState().undo();
    await passes(1);
    editor.getState().redo();
    editor.getState().undo();
    await passes(1);
    expect([platform.text, platform.log.at(1)?.label]).toEqual([TEXT, "Undo: Type name: pq"]);
  });
});

describe("a platform that", () => {
  it.each([["does not answer", 0], ["fails", 500], ["is away behind its proxy", 502], ["is busy", 429], ["has signed the person out", 401]])("%s is asked again, and nothing is lost", async (_, status) => {
    const editor = open();
    platform.fails = Array.from({ length: 3 }, () => new ApiError(status, { code: "x", message: "no" }));
    type(editor, "name: pq\n");
    await passes(0.5);
    expect([state(editor), editor.getState().keeping.error?.status]).toEqual(["waiting", status]);
    type(editor, "name: pqr\n");
    expect(editor.getState().keeping.entries).toBe(2);
    await passes(10);
    expect([platform.text, state(editor), kept()]).toEqual(["name: pqr\n", "kept", []]);
    expect(platform.requests).toBe(4);
  });

  it("loses its answer is sent the same again, which does nothing more", async () => {
    const editor = open();
    platform.fails = ["lost"];
    type(editor, "name: pq\n");
    await passes(0.5);
    type(editor, "name: pqr\n");
    await passes(5);
    expect([platform.text, platform.log.length, state(editor)]).toEqual(["name: pqr\n", 2, "kept"]);
  });

  it("refuses is told what is there when it has changed", async () => {
    const editor = open();
    platform.fails = [new ApiError(400, { code: "too_long", message: "too long" })];
    type(editor, "name: far too long\n");
    await passes(20);
    expect([state(editor), platform.requests]).toEqual(["refused", 1]);
    type(editor, "name: short\n");
    await passes(1);
    expect([platform.text, platform.log.length, state(editor)]).toEqual(["name: short\n", 1, "kept"]);
  });

  it("answers again is asked at once when a person wants it", async () => {
    const editor = open();
    platform.fails = Array.from({ length: 5 }, () => new ApiError(0, { code: "x", message: "no" }));
    type(editor, "name: pq\n");
    await passes(60);
    platform.fails = [new ApiError(0, { code: "x", message: "no" })];
    type(editor, "name: pqr\n");
    await passes(0.3);
    editor.getState().outbox?.retry();
    await passes(0.1);
    expect(platform.text).toBe("name: pqr\n");
  });
});

describe("a reload", () => {
  it("in the middle of an edit goes on with it", async () => {
    const editor = open();
    platform.fails = Array.from({ length: 9 }, () => new ApiError(0, { code: "x", message: "no" }));
    type(editor, "name: pq\n");
    type(editor, "name: pqr\n");
    await passes(0.5);
    vi.clearAllTimers();
    platform.fails = [];
    const again = open();
    expect([textOf(again.getState()), state(again)]).toEqual(["name: pqr\n", "sending"]);
    await passes(1);
    expect([platform.text, state(again), kept()]).toEqual(["name: pqr\n", "kept", []]);
    again.getState().undo();
    expect(textOf(again.getState())).toBe("name: pq\n");
  });

  it("after the answer was lost finds its own edits there, and what others did after them", async () => {
    const editor = open();
    platform.fails = ["lost"];
    type(editor, "name: pq\n");
    await passes(0.3);
    vi.clearAllTimers();
    platform.edit({ edits: [{ from: 0, to: 0, insert: "# theirs\n" }] }, "she");
    const again = open();
    await passes(1);
    expect([textOf(again.getState()), state(again)]).toEqual(["name: pq\n", "kept"]);
    again.getState().outbox?.follow(platform.copy(1));
    expect(textOf(again.getState())).toBe("# theirs\nname: pq\n");
  });
});

describe("what others do", () => {
  it("is taken up where nothing waits here", () => {
    const editor = open();
    platform.edit({ edits: [{ from: 0, to: 0, insert: "# theirs\n" }], layout: { a: [1, 2] }, label: "Note" }, "she");
    editor.getState().outbox?.follow(platform.copy(0));
    expect(editor.getState().history.pipeline).toEqual({ text: `# theirs\n${TEXT}`, layout: { a: [1, 2] } });
    expect([state(editor), editor.getState().history.past.at(-1)?.label]).toEqual(["kept", "Note"]);
  });

  it("stays beside one's own where only one side edits the text", async () => {
    const editor = open();
    platform.edit({ layout: { a: [1, 2] } }, "she");
    type(editor, "name: pq\n");
    await passes(1);
    editor.getState().change({ kind: "move_nodes", positions: { b: [3, 4] } }, "Move b");
    platform.edit({ edits: [{ from: 0, to: 0, insert: "# theirs\n" }] }, "she");
    await passes(1);
    const both = { text: "# theirs\nname: pq\n", layout: { a: [1, 2], b: [3, 4] } };
    expect([{ text: platform.text, layout: platform.layout }, editor.getState().history.pipeline, state(editor)]).toEqual([both, both, "kept"]);
  });

  it("is a conflict where both edit the text, and nothing is overwritten", async () => {
    const editor = open();
    platform.edit({ edits: [{ from: 0, to: 0, insert: "# theirs\n" }] }, "she");
    type(editor, "name: mine\n");
    await passes(60);
    expect([state(editor), editor.getState().conflict?.document, platform.requests]).toEqual(["conflict", `# theirs\n${TEXT}`, 1]);
    expect([platform.text, textOf(editor.getState())]).toEqual([`# theirs\n${TEXT}`, "name: mine\n"]);
    editor.getState().meet(null); // later
    editor.getState().outbox?.retry();
    expect(editor.getState().conflict).not.toBeNull();
  });

  it.each([["mine", "name: mine\n"], ["theirs", `# theirs\n${TEXT}`]] as const)("is settled with %s; undo brings one's own back", async (whose, text) => {
    const editor = open();
    platform.edit({ edits: [{ from: 0, to: 0, insert: "# theirs\n" }] }, "she");
    type(editor, "name: mine\n");
    await passes(1);
    editor.getState().settle(whose);
    await passes(1);
    expect([platform.text, textOf(editor.getState()), state(editor), editor.getState().conflict]).toEqual([text, text, "kept", null]);
    if (whose === "theirs") editor.getState().undo();
    await passes(1);
    expect([platform.text, kept()]).toEqual(["name: mine\n", []]);
  });

  it("is no conflict where both did the same", async () => {
    const editor = open();
    platform.edit({ edits: [{ from: 6, to: 7, insert: "mine" }] }, "she");
    type(editor, "name: mine\n");
    await passes(1);
    expect([state(editor), platform.log.length, editor.getState().conflict]).toEqual(["kept", 1, null]);
  });
});

it("says that a browser keeps nothing", () => {
  const editor = open();
  vi.spyOn(Storage.prototype, "setItem").mockImplementationOnce(() => { throw new DOMException("full", "QuotaExceededError"); });
  type(editor, "name: pq\n");
  expect(editor.getState().keeping).toMatchObject({ state: "sending", stored: false });
});

it("makes nothing of what others wrote into the storage", () => {
  for (const text of ["no JSON", "{}", "[]", "null", "7"]) {
    localStorage.setItem("porsche.edits.1.me.x.entries", text);
    localStorage.setItem("porsche.edits.1.me.x.base", text);
    expect(takeLeft(1, "me")).toBeNull();
  }
  localStorage.setItem("porsche.edits.1.you.x.entries", "[{}]");
  expect(takeLeft(1, "me")).toBeNull(); // another person's
});

it("waits until everything is there, or says why it is not", async () => {
  const editor = open();
  type(editor, "name: pq\n");
  const settled = vi.fn();
  void editor.getState().outbox?.settled().then(settled);
  await passes(0.1);
  expect(settled).toHaveBeenCalledOnce();
  platform.fails = [new ApiError(500, { code: "x", message: "no" })];
  type(editor, "name: pqr\n");
  const failed = vi.fn();
  void editor.getState().outbox?.settled().catch(failed);
  await passes(0.1);
  expect(failed).toHaveBeenCalledOnce();
});
