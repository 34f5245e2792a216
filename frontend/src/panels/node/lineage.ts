/** Where a column comes from, step by step, as the compiler read it off the SQL. */

/** node -> column -> the (node, column)s it is made of. */
export type Lineage = Readonly<Record<string, Readonly<Record<string, ReadonlyArray<readonly [string, string]>>>>>;

export interface Origin {
  node: string;
  column: string;
  from: Origin[];
}

const DEEPEST = 40;

/** The tree of what a column is made of; a column that was met on the way already is not followed again. */
export function originsOf(lineage: Lineage, node: string, column: string, seen: ReadonlySet<string> = new Set()): Origin[] {
  const sources = lineage[node]?.[column] ?? [];
  const here = new Set([...seen, `${node}.${column}`]);
  if (here.size > DEEPEST) return [];
  return sources.filter(([from, name]) => !here.has(`${from}.${name}`))
    .map(([from, name]) => ({ node: from, column: name, from: originsOf(lineage, from, name, here) }));
}

/** The same with each column told once, in the order it is first met, nearest first. */
export function path(origins: readonly Origin[]): Array<{ node: string; column: string; depth: number }> {
  const found: Array<{ node: string; column: string; depth: number }> = [];
  const seen = new Set<string>();
  let level: readonly Origin[] = origins;
  for (let depth = 0; level.length; depth++) {
    for (const { node, column } of level) {
      if (!seen.has(`${node}.${column}`)) found.push({ node, column, depth });
      seen.add(`${node}.${column}`);
    }
    level = level.flatMap((origin) => origin.from);
  }
  return found;
}
