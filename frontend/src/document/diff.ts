/** Two texts beside each other, line by line (Myers, "An O(ND) difference algorithm", 1986). */

export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
  /** Line numbers from 1, in the text before and after; null where the line is not in it. */
  before: number | null;
  after: number | null;
}

const MOST = 2000;

/** The lines of both texts in order. Texts that differ in thousands of lines are shown as all removed, all added. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const kinds = middle(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const all = [...Array<"same">(start).fill("same"), ...kinds, ...Array<"same">(end).fill("same")];
  return numbered(all, a, b);
}

/** How many lines were added and removed. */
export function countChanges(lines: readonly DiffLine[]): { added: number; removed: number } {
  return {
    added: lines.filter((line) => line.kind === "added").length,
    removed: lines.filter((line) => line.kind === "removed").length,
  };
}

/** The lines near changes; what is left out between them is one `null`. */
export function hunks(lines: readonly DiffLine[], context = 3): Array<DiffLine | null> {
  const near = lines.map(() => false);
  lines.forEach((line, i) => {
    if (line.kind !== "same") near.fill(true, Math.max(0, i - context), Math.min(lines.length, i + context + 1));
  });
  return lines.flatMap((line, i): Array<DiffLine | null> => (near[i] ? [line] : near[i - 1] || i === 0 ? [null] : []));
}

function numbered(kinds: ReadonlyArray<DiffLine["kind"]>, a: string[], b: string[]): DiffLine[] {
  let [i, j] = [0, 0];
  return kinds.map((kind) => {
    const text = (kind === "added" ? b[j] : a[i]) ?? "";
    return { kind, text, before: kind === "added" ? null : ++i, after: kind === "removed" ? null : ++j };
  });
}

/** The shortest script: "same" and "removed" consume a line of `a`, "same" and "added" one of `b`. */
function middle(a: string[], b: string[]): Array<DiffLine["kind"]> {
  const trace: Int32Array[] = [];
  const most = Math.min(a.length + b.length, MOST);
  const v = new Int32Array(2 * most + 3);
  const origin = most + 1;
  for (let d = 0; d <= most; d++) {
    trace.push(v.slice());
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (v[origin + k - 1] ?? 0) < (v[origin + k + 1] ?? 0));
      let x = down ? (v[origin + k + 1] ?? 0) : (v[origin + k - 1] ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      v[origin + k] = x;
      if (x >= a.length && x - k >= b.length) return back(trace, origin, a.length, b.length);
    }
  }
  return [...a.map(() => "removed" as const), ...b.map(() => "added" as const)];
}

function back(trace: Int32Array[], origin: number, n: number, m: number): Array<DiffLine["kind"]> {
  const script: Array<DiffLine["kind"]> = [];
  let [x, y] = [n, m];
  for (let d = trace.length - 1; d > 0; d--) {
    const v = trace[d] as Int32Array;
    const k = x - y;
    const down = k === -d || (k !== d && (v[origin + k - 1] ?? 0) < (v[origin + k + 1] ?? 0));
    const from = (down ? v[origin + k + 1] : v[origin + k - 1]) ?? 0;
    for (const start = down ? from : from + 1; x > start; x--) script.push("same");
    script.push(down ? "added" : "removed");
    x = from;
    y = from - (down ? k + 1 : k - 1);
  }
  for (; x > 0; x--) script.push("same");
  return script.reverse();
}
