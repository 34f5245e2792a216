// @vitest-environment jsdom

import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { APP_ACTIONS } from "./app";
import { found, match } from "./find";
import { chord, normal, type Pressed, shown } from "./keys";
import { listen, perform, register, useRegistry } from "./registry";
import type { Action } from "./types";

const press = (key: string, held: Partial<Pressed> = {}): Pressed => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held });

describe("chords", () => {
  it.each([
    [press("P", { ctrlKey: true, shiftKey: true }), "mod+shift+p"],
    [press("?", { shiftKey: true }), "?"],
    [press("ArrowUp", { altKey: true }), "alt+up"],
    [press(" "), "space"],
    [press(" ", { shiftKey: true }), "shift+space"],
    [press("Control", { ctrlKey: true }), null],
    [press("+", { ctrlKey: true }), "mod++"],
  ])("%o is %s", (event, text) => expect(chord(event, false)).toBe(text));

  it("are Command on a Mac", () => expect(chord(press("z", { metaKey: true }), true)).toBe("mod+z"));
  it("are read in any order", () => expect([normal("shift+Mod+P"), normal("g f"), normal("mod++"), normal("Escape")]).toEqual(["mod+shift+p", "g f", "mod++", "esc"]));
  it("are shown as key caps", () => {
    expect(shown("mod+shift+p", false)).toEqual([["Ctrl", "Shift", "P"]]);
    expect(shown("g f", false)).toEqual([["G"], ["F"]]);
    expect(shown("mod+z", true)).toEqual([["⌘", "Z"]]);
  });
});

describe("shortcuts", () => {
  let ran: string[];
  let ends: (() => void)[];
  const action = (id: string, keys: string[], over: Partial<Action> = {}): Action => ({
    id,
    label: id,
    group: "Test",
    keys,
    run: () => {
      ran.push(id);
    },
    ...over,
  });
  const user = userEvent.setup();

  beforeEach(() => {
    ran = [];
    const actions = [action("one", ["x"]), action("go", ["g f"]), action("off", ["y"], { enabled: () => false }), action("mod", ["mod+k"])];
    ends = [listen(document), register(actions)];
  });

  afterEach(() => {
    ends.forEach((end) => end());
    document.body.replaceChildren();
  });

  it("run their action, keys after each other too", async () => {
    await user.keyboard("xgf");
    expect(ran).toEqual(["one", "go"]);
  });

  it("do nothing where the action is disabled", async () => {
    await user.keyboard("y");
    expect(ran).toEqual([]);
    expect([perform("off"), perform("one"), ran]).toEqual([false, true, ["one"]]);
  });

  it.each([
    ["an input", '<input id="t">'],
    ["a search field", '<input id="t" type="search">'],
    ["a text area", '<textarea id="t"></textarea>'],
    ["a list of choices", '<select id="t"><option>x</option></select>'],
    ["an editable element", '<div id="t" contenteditable="true" tabindex="0"></div>'],
    ["a combobox", '<div id="t" role="combobox" tabindex="0"></div>'],
    ["a code editor", '<div class="cm-editor"><div id="t" tabindex="0"></div></div>'],
    ["a dialog", '<div role="dialog"><button id="t">x</button></div>'],
    ["a menu", '<div role="menu"><button id="t">x</button></div>'],
  ])("never fire while the focus is in %s", async (_name, html) => {
    document.body.innerHTML = html;
    document.getElementById("t")?.focus();
    expect(document.activeElement?.id).toBe("t");
    await user.keyboard("xgf{Control>}k{/Control}");
    expect(ran).toEqual([]);
  });

  it.each(['<button id="t">x</button>', '<input id="t" type="checkbox">', '<tr id="t" tabindex="0"></tr>'])("fire where %s has the focus", async (html) => {
    document.body.innerHTML = html.startsWith("<tr") ? `<table><tbody>${html}</tbody></table>` : html;
    document.getElementById("t")?.focus();
    await user.keyboard("x");
    expect(ran).toEqual(["one"]);
  });

  it("leave alone what another has handled", async () => {
    document.body.innerHTML = '<button id="t">x</button>';
    const button = document.getElementById("t");
    button?.addEventListener("keydown", (event) => event.preventDefault());
    button?.focus();
    await user.keyboard("x");
    expect(ran).toEqual([]);
  });
});

describe("the registry", () => {
  const plain = (id: string, keys: string[] = []): Action => ({ id, label: id, group: "Test", keys, run: vi.fn() });

  it("refuses the same id, or the same keys, twice", () => {
    const end = register([plain("a", ["mod+a"])]);
    expect(() => register([plain("a")])).toThrow("two actions have the id a");
    expect(() => register([plain("b", ["Mod+A"])])).toThrow("a key of both a and b");
    end();
    expect(useRegistry.getState().actions).toEqual([]);
    register([plain("a", ["mod+a"])])();
  });

  it("takes the actions of the app", () => {
    const end = register(APP_ACTIONS);
    expect(useRegistry.getState().actions).toHaveLength(APP_ACTIONS.length);
    end();
  });
});

describe("finding", () => {
  it("needs every word, and takes letters in order for one", () => {
    expect(match("pipe go", "Go to Pipelines")).not.toBeNull();
    expect(match("gpl", "Go to Pipelines")).not.toBeNull();
    expect(match("model", "Go to Pipelines")).toBeNull();
  });
  it("puts beginnings of words first", () => {
    expect(found("set", ["Reset zoom", "Settings"], (text) => text)).toEqual(["Settings", "Reset zoom"]);
  });
  it("keeps the order without a query", () => expect(found(" ", ["b", "a"], (text) => text)).toEqual(["b", "a"]));
});
