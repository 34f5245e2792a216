/** What happened, for those who hear the page; and why something did not, for everybody. */

import { IconInfoCircle } from "@tabler/icons-react";
import { useEffect } from "react";
import { create } from "zustand";

import { t } from "../../i18n";
import { useEditorStore } from "../document/editor";
import classes from "./editing.module.css";

interface Said {
  /** Heard, not seen. */
  text: string;
  /** Seen for a while, and heard at once. */
  refusal: string;
  at: number;
}

export const useSaid = create<Said>(() => ({ text: "", refusal: "", at: 0 }));

export function announce(text: string): void {
  const same = useSaid.getState().text === text; // said twice it must differ to be heard twice
  useSaid.setState({ text: same ? `${text}\u00a0` : text });
}

export function refuse(why: string): void {
  useSaid.setState({ refusal: why, at: Date.now() });
}

const SHOWN_MS = 7000;

/** The live regions of the canvas. */
export function Announcer() {
  const { text, refusal, at } = useSaid();
  useHistoryTold();
  useEffect(() => {
    if (!refusal) return undefined;
    const timer = setTimeout(() => useSaid.setState({ refusal: "" }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [refusal, at]);
  useEffect(() => () => useSaid.setState({ text: "", refusal: "" }), []);
  return (
    <>
      <div className="p-hidden" role="status" aria-live="polite">{text}</div>
      <div className={classes.refusal} role="alert" data-shown={refusal ? true : undefined}>
        {refusal ? <><IconInfoCircle size={15} aria-hidden /><span>{refusal}</span></> : null}
      </div>
    </>
  );
}

/** Undo and redo are told by what they did. */
function useHistoryTold(): void {
  const editor = useEditorStore();
  useEffect(() => editor.subscribe(({ history }, { history: before }) => {
    if (history === before) return;
    if (history.future.length > before.future.length) announce(t("Undone: {what}", { what: history.future[0]?.label ?? "" }));
    else if (history.future.length < before.future.length && history.past.length > before.past.length
      && history.past.at(-1)?.label === before.future[0]?.label) announce(t("Redone: {what}", { what: history.past.at(-1)?.label ?? "" }));
  }), [editor]);
}
