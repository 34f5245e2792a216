/** What a text means, asked a moment after it changed. */

import { useEffect, useMemo, useState } from "react";

import { type Meaning, meaningOf } from "../../../api/authoring";
import type { Scope } from "./completion";

export const ASK_AFTER_MS = 150;

/** Type or error of a text; null while nothing is known. Answers for older texts are dropped. */
export function useMeaning(text: string, scope: Scope): Meaning | null {
  const [found, setFound] = useState<{ of: string; meaning: Meaning } | null>(null);
  const { mode, tables, keys, parameters } = scope;
  const known = Object.values(tables).some((columns) => columns.length > 0);
  const key = useMemo(() => JSON.stringify({ mode, tables, keys, parameters, text }), [mode, tables, keys, parameters, text]);
  useEffect(() => {
    if (!text.trim() || !known) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      meaningOf(JSON.parse(key) as Parameters<typeof meaningOf>[0], abort.signal)
        .then((meaning) => !abort.signal.aborted && setFound({ of: key, meaning }))
        .catch(() => undefined); // what is wrong with the connection is said elsewhere
    }, ASK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, known, key]);
  return found && found.of === key ? found.meaning : null;
}
