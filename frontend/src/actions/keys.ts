/** Keys as text: "mod+shift+p", "?", "g f"; matched against what was pressed. Pure but for reading the event. */

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

export const isMac = (): boolean => typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.userAgent);

const NAMES: Readonly<Record<string, string>> = { " ": "space", escape: "esc", arrowup: "up", arrowdown: "down", arrowleft: "left", arrowright: "right" };
const MODIFIERS = new Set(["control", "shift", "alt", "meta"]);

/** The chord that an event is, in the order mod+alt+shift+key; null for a modifier alone. Shift is left out where it made the sign. */
export function chord(event: Pressed, mac = isMac()): string | null {
  const name = event.key.toLowerCase();
  if (MODIFIERS.has(name)) return null;
  const mod = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  const sign = event.key.length === 1 && name === event.key.toUpperCase() && event.key !== " ";
  const parts = [mod && "mod", other && "ctrl", event.altKey && "alt", event.shiftKey && !sign && "shift", NAMES[name] ?? name];
  return parts.filter(Boolean).join("+");
}

const alike = (name: string): string => NAMES[name] ?? name;
const ORDER = ["mod", "ctrl", "alt", "shift"];

/** A chord as it is written, in the one order in which `chord` writes it. */
export function normal(keys: string): string {
  return keys
    .split(" ")
    .map((one) => {
      const parts = one.toLowerCase().split(/\+(?!$)/);
      const last = alike(parts.pop() ?? "");
      return [...ORDER.filter((name) => parts.includes(name)), last].join("+");
    })
    .join(" ");
}

const SHOWN: Readonly<Record<string, string>> = { mod: "Ctrl", ctrl: "Ctrl", alt: "Alt", shift: "Shift", up: "↑", down: "↓", left: "←", right: "→", esc: "Esc", escape: "Esc", tab: "Tab", backspace: "Backspace", enter: "Enter", space: "Space", delete: "Del" };
const SHOWN_MAC: Readonly<Record<string, string>> = { ...SHOWN, mod: "⌘", alt: "⌥", shift: "⇧" };

/** Keys as people read them: [["Ctrl", "Shift", "P"]]; two for keys after each other. */
export function shown(keys: string, mac = isMac()): string[][] {
  const names = mac ? SHOWN_MAC : SHOWN;
  return normal(keys)
    .split(" ")
    .map((one) => one.split(/\+(?!$)/).map((part) => names[part] ?? (/^(.|f\d+)$/.test(part) ? part.toUpperCase() : part)));
}

const FIELDS = "input, textarea, select, [contenteditable]:not([contenteditable='false']), [role='textbox'], [role='combobox'], [role='searchbox'], .cm-editor";
const BUTTONLIKE = new Set(["checkbox", "radio", "button", "submit", "reset", "range", "file", "color"]);

/** Whether a person types into what has the focus: no shortcut may then fire. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const field = target.closest(FIELDS);
  if (!field) return false;
  return !(field instanceof HTMLInputElement && BUTTONLIKE.has(field.type));
}

/** Whether the focus is in a dialog or menu that has the keys for itself. */
export function isHeld(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[role='dialog'], [role='menu'], [role='listbox']") !== null;
}

/** Whether the focus is inside of a part of the page, or nowhere. */
export function isWithin(target: EventTarget | null, part: string | undefined): boolean {
  return !part || !(target instanceof Element) || target.tagName === "BODY" || target.closest(part) !== null;
}

/** Keys in a line of text: "Ctrl+Shift+P". */
export function shownText(keys: string, mac = isMac()): string {
  return shown(keys, mac).map((one) => one.join(mac ? "" : "+")).join(" ");
}
