/** What SQL is as a pipeline, asked a moment after it or the document changed. */

import { useEffect, useState } from "react";

import { type Recognised, recognise } from "../../api/recognise";
import { offsetsOf } from "../../document/spans";

const ASK_AFTER_MS = 350;

export interface Recognition {
  /** The newest answer; null before the first. */
  answer: Recognised | null;
  /** Whether it is of the text and the document as they are now. */
  current: boolean;
  error: unknown;
}

interface Found {
  sql: string;
  document: string;
  answer: Recognised | null;
  error: unknown;
}

/** `sql` null: nothing is asked. */
export function useRecognition(sql: string | null, document: string): Recognition {
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    if (sql === null) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      recognise(sql, document, abort.signal)
        .then((answer) => !abort.signal.aborted && setFound({ sql, document, answer, error: null }))
        .catch((error: unknown) => !abort.signal.aborted && setFound((before) => ({ sql, document, answer: before?.answer ?? null, error })));
    }, ASK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [sql, document]);
  const current = found !== null && found.sql === sql && found.document === document;
  return { answer: found?.answer ?? null, current: current && found.error === null, error: current ? found.error : null };
}

/** A stretch of the SQL: a node's statement (`property` ""), or an expression of one of its properties. */
export interface Stretch {
  node: string;
  property: string;
  from: number;
  to: number;
}

/** The stretches of an answer as offsets of a JavaScript string, in order of the text. */
export function stretchesOf(sql: string, answer: Recognised): Stretch[] {
  const offset = offsetsOf(sql);
  return answer.spans
    .map(({ node, property, span: [from = 0, to = 0] }) => ({ node, property, from: offset(from), to: offset(to) }))
    .sort((a, b) => a.from - b.from || b.to - a.to);
}

/** What stands at an offset: the smallest stretch around it. */
export function stretchAt(stretches: readonly Stretch[], at: number): Stretch | null {
  const around = stretches.filter((each) => each.from <= at && at <= each.to);
  return around.reduce<Stretch | null>((best, each) => (best && best.to - best.from <= each.to - each.from ? best : each), null);
}
