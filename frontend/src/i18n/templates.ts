/** Texts with holes, as the platform says them: "'{}' has no column '{}'" fits "'clicks' has no column 'usr'". Pure. */

export interface Templates {
  exact: ReadonlyMap<string, string>;
  /** By their longest fixed piece first, so that the most telling one is tried first. */
  holed: ReadonlyArray<{ pattern: RegExp; piece: string; translation: string }>;
}

export function templatesOf(texts: Readonly<Record<string, string>>): Templates {
  const exact = new Map<string, string>();
  const holed: Array<{ pattern: RegExp; piece: string; translation: string; fixed: number }> = [];
  for (const [text, translation] of Object.entries(texts)) {
    const pieces = text.split("{}");
    if (pieces.length === 1) exact.set(text, translation);
    else {
      const piece = pieces.reduce((a, b) => (b.length > a.length ? b : a));
      holed.push({ pattern: new RegExp(`^${pieces.map(escaped).join("(.*?)")}$`, "s"), piece, translation, fixed: text.length - 2 * (pieces.length - 1) });
    }
  }
  holed.sort((a, b) => b.fixed - a.fixed);
  return { exact, holed };
}

const LONGEST = 4000; // longer ones are logs, not messages

/** The translation of a text, with that of what stands in its holes; itself where there is none. */
export function translated(texts: Templates, text: string): string {
  const { exact, holed } = texts;
  const same = exact.get(text);
  if (same !== undefined || text.length > LONGEST) return same ?? text;
  for (const { pattern, piece, translation } of holed) {
    if (!text.includes(piece)) continue;
    const match = pattern.exec(text);
    if (match) return translation.replaceAll(/\{(\d+)\}/g, (_, index: string) => translated(texts, match[Number(index) + 1] ?? ""));
  }
  return text;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
