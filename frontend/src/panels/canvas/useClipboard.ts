/** The browser's own copy, cut and paste, while the canvas has the focus and no text is selected. */

import { useEffect } from "react";

import { CANVAS } from "./actions";
import { deskNow } from "./desk";
import * as ops from "./operations";

export function useClipboard(): void {
  useEffect(() => {
    const onCopy = (event: ClipboardEvent) => void take(event);
    const onCut = (event: ClipboardEvent) => {
      if (deskNow()?.canEdit && take(event)) ops.removeSelected();
    };
    const onPaste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text/plain") || ops.heldText();
      if (!isOurs(event) || !deskNow()?.canEdit) return;
      event.preventDefault();
      ops.paste(text, false);
    };
    document.addEventListener("copy", onCopy);
    document.addEventListener("cut", onCut);
    document.addEventListener("paste", onPaste);
    return () => {
      document.removeEventListener("copy", onCopy);
      document.removeEventListener("cut", onCut);
      document.removeEventListener("paste", onPaste);
    };
  }, []);
}

function take(event: ClipboardEvent): boolean {
  if (!isOurs(event) || !getSelection()?.isCollapsed) return false;
  const text = ops.copied();
  if (!text) return false;
  event.clipboardData?.setData("text/plain", text);
  event.preventDefault();
  return true;
}

const FIELDS = "input, textarea, [contenteditable='true'], .cm-editor, [role='dialog'], [role='menu']";

function isOurs(event: ClipboardEvent): boolean {
  const focused = document.activeElement ?? document.body;
  if (event.target instanceof Element && event.target.closest(FIELDS)) return false;
  return !focused.closest(FIELDS) && (focused === document.body || focused.closest(CANVAS) !== null);
}
