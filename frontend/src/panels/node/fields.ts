/** What fields of forms share: text that becomes a change when one is done with it, not with each letter. */

import { type KeyboardEvent, useState } from "react";

export interface DraftField {
  value: string;
  onChange: (event: { currentTarget: { value: string } }) => void;
  onBlur: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** A text field's props. `commit` is called with another text when the field is left, or by Enter; Escape takes it back. */
export function useDraft(value: string, commit: (value: string) => void): DraftField {
  const [draft, setDraft] = useState(value);
  const [of, setOf] = useState(value);
  if (of !== value) {
    setOf(value);
    setDraft(value);
  }
  const done = () => {
    if (draft !== value) commit(draft);
  };
  return {
    value: draft,
    onChange: (event) => setDraft(event.currentTarget.value),
    onBlur: done,
    onKeyDown: (event) => {
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        done();
      } else if (event.key === "Escape") setDraft(value);
    },
  };
}

/** What a person typed as the document's value: numbers as numbers, references and the rest as text. */
export function asValue(text: string, kind: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return kind === "number" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}
