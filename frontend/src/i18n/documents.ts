/** Documents that come with the pages, with what a person reads in them in the language of the page. */

import { isMap, isScalar, parseDocument, visit } from "yaml";

import { useSpoken } from "./index";

/** Fields of a document that are prose, and nothing depends on. */
const PROSE = new Set(["description", "label", "name", "title", "doc", "text"]);
const PLAIN = /^[\u3400-\u9fff“][^:#{}[\],&*!|>'"%@`\n]*$/;

/** A document with its descriptions, labels, names of tests and comments in the language of the page; its own ids and names stay. */
export function documentSaid(text: string): string {
  const texts = useSpoken.getState().documents;
  return texts.size ? inWords(text, texts) : text;
}

/** The prose of a document and where it stands, in order; comments come last. */
export function proseOf(text: string): Array<{ from: number; to: number; says: string; isComment: boolean }> {
  const found: Array<{ from: number; to: number; says: string; isComment: boolean }> = [];
  const document = parseDocument(text);
  visit(document, {
    Pair(_, pair, path) {
      const { key, value } = pair;
      if (!isScalar(key) || !isScalar(value) || !value.range || typeof value.value !== "string" || !PROSE.has(String(key.value))) return;
      const isTitle = key.value !== "name" || !isMap(document.contents) || path.length > 2; // the document's own name is its id
      if (isTitle && / /.test(value.value)) found.push({ from: value.range[0], to: value.range[1], says: value.value.trim(), isComment: false });
    },
  });
  for (const { index, 1: hash = "", 2: says = "" } of text.matchAll(/^([ ]*# )(.+)$/gm)) {
    found.push({ from: index + hash.length, to: index + hash.length + says.length, says, isComment: true });
  }
  return found;
}

function inWords(text: string, texts: ReadonlyMap<string, string>): string {
  return proseOf(text).sort((a, b) => b.from - a.from).reduce((made, { from, to, says, isComment }) => {
    const words = texts.get(says);
    if (words === undefined) return made;
    const end = made.slice(from, to).endsWith("\n") ? "\n" : "";
    return made.slice(0, from) + (isComment || PLAIN.test(words) ? words : JSON.stringify(words)) + end + made.slice(to);
  }, text);
}
