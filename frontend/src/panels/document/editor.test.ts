import { describe, expect, it } from "vitest";

import type { Compiled } from "../../api/types";
import { replaceText } from "../../document/commands";
import { type Logged, type Opened, createEditor, diagnosticsOf, isDirty, isOvertaken, textOf } from "./editor";

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
    editor.getState().rest(4, textOf(editor.getState()), 4);
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
  const theirs = { kind: "revision" as const, revision: 7, document: "name: theirs\n" };

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

  it("are told apart from one's own editing by who saved last", () => {
    const editor = open({ head: 5 });
    expect(isOvertaken(editor.getState())).toBe(true);
    editor.getState().rest(5, TEXT, 5);
    expect(isOvertaken(editor.getState())).toBe(false);
  });

  it("edit one text: what others did is taken up, and can be undone", () => {
    const editor = open();
    editor.getState().take({ text: "name: theirs\n", layout: { a: [1, 2] } }, "Theirs");
    expect(editor.getState().history.pipeline).toEqual({ text: "name: theirs\n", layout: { a: [1, 2] } });
    editor.getState().undo();
    expect(editor.getState().history.pipeline).toEqual({ text: TEXT, layout: {} });
  });
});

describe("a pipeline that is opened again", () => {
  const since: Logged[] = [
    { edits: [{ from: 6, to: 7, insert: "q" }], layout: {} },
    { edits: [], layout: { a: [1, 2] } },
    { edits: [{ from: 7, to: 7, insert: "r" }], layout: {} },
  ];

  it("has the history since its revision", () => {
    const editor = open({ since, text: TEXT.replace("p", "qr") });
    expect(isDirty(editor.getState())).toBe(true);
    editor.getState().undo();
    expect(textOf(editor.getState())).toBe(TEXT.replace("p", "q"));
    editor.getState().undo();
    expect([textOf(editor.getState()), isDirty(editor.getState())]).toEqual([TEXT, false]);
  });

  it("undoes typing that went on in one step", () => {
    const typing = (from: number, insert: string, second: number) => ({ edits: [{ from, to: from, insert }], layout: {}, label: "Edit the text", at: `2026-01-01T10:00:0${second}Z`, command: null });
    const editor = open({ since: [typing(7, "x", 0), typing(8, "y", 0), typing(9, "z", 5)], text: TEXT.replace("p", "pxyz") });
    editor.getState().undo();
    expect(textOf(editor.getState())).toBe(TEXT.replace("p", "pxy"));
    editor.getState().undo();
    expect(textOf(editor.getState())).toBe(TEXT);
  });

  it("has none where the log does not tell all of it", () => {
    for (const some of [since.slice(0, 1), [{ edits: [{ from: 999, to: 1000, insert: "" }], layout: {} }]]) {
      const editor = open({ since: some, text: TEXT.replace("p", "qr") });
      expect([textOf(editor.getState()), editor.getState().history.past]).toEqual([TEXT.replace("p", "qr"), []]);
    }
  });
});
