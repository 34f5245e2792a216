/** How well words match a text: what people type is a few letters of the words they mean. Pure. */

/** A score where all of the query's words are found, more for whole words and beginnings; null where one is not. */
export function match(query: string, text: string): number | null {
  const asked = query.toLowerCase().split(/\s+/).filter(Boolean);
  const words = text.toLowerCase();
  let score = 0;
  for (const word of asked) {
    const at = words.indexOf(word);
    if (at >= 0) {
      score += /\w/.test(words[at - 1] ?? " ") ? 4 : 8;
      score += Math.max(0, 3 - at / 10);
      continue;
    }
    if (!inOrder(word, words)) return null;
    score += 1;
  }
  return score;
}

function inOrder(letters: string, text: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** The items that match, best first; all of them in their order without a query. */
export function found<T>(query: string, items: readonly T[], text: (item: T) => string, most = 50): T[] {
  if (query.trim() === "") return items.slice(0, most);
  return items
    .map((item) => ({ item, score: match(query, text(item)) }))
    .filter((one): one is { item: T; score: number } => one.score !== null)
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ item }) => item);
}
