/** Spans of the compiled SQL, which count characters as Python does, in JavaScript's texts. */

export interface Span {
  node: string | null;
  span: readonly [number, number];
}

export interface NodeSpan {
  node: string;
  from: number;
  to: number;
}

/** The statements of nodes as offsets of a JavaScript string, in order of the text. */
export function nodeSpans(sql: string, statements: readonly Span[]): NodeSpan[] {
  const offset = offsetsOf(sql);
  return statements.flatMap(({ node, span }) => (node ? [{ node, from: offset(span[0]), to: offset(span[1]) }] : []));
}

/** The node whose statement stands at an offset. */
export function nodeAt(spans: readonly NodeSpan[], at: number): string | null {
  return spans.find((span) => span.from <= at && at < span.to)?.node ?? null;
}

/** Offsets in a JavaScript string by those in Python: characters beyond the basic plane are one there and two here. */
export function offsetsOf(text: string): (at: number) => number {
  if (!/[\u{10000}-\u{10FFFF}]/u.test(text)) return (at) => at;
  const starts: number[] = [];
  let unit = 0;
  for (const character of text) {
    starts.push(unit);
    unit += character.length;
  }
  return (at) => starts[at] ?? text.length;
}
