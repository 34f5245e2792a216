// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";

import type { Compiled } from "../../api/types";
import { replaceText } from "../../document/commands";
import { dropDraft, keepDraft, readDraft } from "./drafts";
import { type Opened, createEditor, diagnosticsOf, isDirty, textOf } from "./editor";

const TEXT = "name: p\nnodes:\n  - {id: a, component: filter}\n";
const open = (more: Partial<Opened> = {}) => createEditor({ pipeline: 1, revision: 3, document: TEXT, layout: {}, ...more });
const typed = (before: string, after: string) => replaceText(before, after);

describe("an open pipeline", () => {
  it("knows what is unsaved, and takes it back", () => {
    const editor = open();
    expect(isDirty(editor.getState())).toBe(false);
    editor.getState().change({ kind: "rename_label", node: "a", label: "A" }, "Rename a");
    expect(editor.getState().model.nodes[0]?.label).toBe("A");
    expect(isDirty(editor.getState())).toBe(true);
    editor.getState().undo();
    expect([textOf(editor.getState()), isDirty(editor.getState())]).toEqual([TEXT, false]);
    editor.getState().redo();
    editor.getState().savedAs(4, textOf(editor.getState()));
    expect([editor.getState().revision, isDirty(editor.getState())]).toEqual([4, false]);
  });

  it("is not saved by a move", () => {
    const editor = open();
    editor.getState().change({ kind: "move_nodes", positions: { a: [1, 2] } }, "Move a");
    expect(isDirty(editor.getState())).toBe(false);
    expect(editor.getState().history.pipeline.layout).toEqual({ a: [1, 2] });
  });

  it("draws the last text that could be read", () => {
    const editor = open();
    editor.getState().change(typed(TEXT, "name: p\nnodes: ["), "Type");
    expect(editor.getState()).toMatchObject({ broken: true });
    expect(editor.getState().model.nodes.map((node) => node.id)).toEqual(["a"]);
    expect(editor.getState().model.problems).not.toEqual([]);
    editor.getState().undo();
    expect(editor.getState()).toMatchObject({ broken: false });
  });

  it("keeps the last good SQL beside what is wrong now", () => {
    const editor = open();
    const good = { valid: true, sql: "SELECT 1", diagnostics: [] } as unknown as Compiled;
    const bad = { valid: false, sql: null, diagnostics: [{ code: "x" }] } as unknown as Compiled;
    editor.getState().checked(TEXT, good);
    editor.getState().checked(`${TEXT}#`, bad);
    expect([editor.getState().good, editor.getState().compiled, editor.getState().compiledText]).toEqual([good, bad, `${TEXT}#`]);
    expect(diagnosticsOf(editor.getState())).toEqual([{ code: "x" }]);
    editor.getState().checked(`${TEXT}##`, null, new Error("no answer"));
    expect([editor.getState().compiled, editor.getState().compiledText]).toEqual([bad, `${TEXT}#`]);
  });
});

describe("two people", () => {
  const theirs = { revision: 7, document: "name: theirs\n" };

  it("may go on with their text; one's own comes back by undo", () => {
    const editor = open();
    editor.getState().change(typed(TEXT, "name: mine\n"), "Type");
    editor.getState().meet(theirs);
    editor.getState().settle("theirs");
    expect(editor.getState()).toMatchObject({ revision: 7, saved: theirs.document, conflict: null });
    expect([textOf(editor.getState()), isDirty(editor.getState())]).toEqual([theirs.document, false]);
    editor.getState().undo();
    expect([textOf(editor.getState()), isDirty(editor.getState())]).toEqual(["name: mine\n", true]);
  });

  it("may put one's own text on top of theirs", () => {
    const editor = open();
    editor.getState().change(typed(TEXT, "name: mine\n"), "Type");
    editor.getState().meet(theirs);
    editor.getState().settle("mine");
    expect(editor.getState()).toMatchObject({ revision: 7, saved: theirs.document, conflict: null });
    expect([textOf(editor.getState()), isDirty(editor.getState())]).toEqual(["name: mine\n", true]);
  });

  it("meet without loss where nothing was changed here", () => {
    const editor = open();
    editor.getState().adopt(theirs);
    expect([textOf(editor.getState()), isDirty(editor.getState()), editor.getState().revision]).toEqual([theirs.document, false, 7]);
  });
});

describe("drafts", () => {
  beforeEach(() => localStorage.clear());

  it("come back when the pipeline is opened again, and can be discarded", () => {
    keepDraft(1, { revision: 3, text: "name: unsaved\n", at: 99 });
    const editor = open({ draft: readDraft(1) });
    expect([textOf(editor.getState()), isDirty(editor.getState()), editor.getState().restoredFrom]).toEqual(["name: unsaved\n", true, 99]);
    editor.getState().forgetDraft();
    expect([textOf(editor.getState()), editor.getState().restoredFrom]).toEqual([TEXT, null]);
    dropDraft(1);
    expect(readDraft(1)).toBeNull();
  });

  it("are only what they should be", () => {
    localStorage.setItem("porsche.draft.2", "{\"revision\": \"3\", \"text\": 7}");
    localStorage.setItem("porsche.draft.3", "no JSON");
    expect([readDraft(2), readDraft(3), readDraft(4)]).toEqual([null, null, null]);
  });

  it("are refused where the browser stores nothing", () => {
    const full = { setItem: () => { throw new DOMException("full", "QuotaExceededError"); } } as unknown as Storage;
    expect(keepDraft(1, { revision: 1, text: "", at: 0 }, full)).toBe(false);
  });
});
