import { parse } from "yaml";

/** The project's example pipelines, bundled as text when the page is built. */
const FILES = import.meta.glob<string>("../../../../examples/*.yaml", { query: "?raw", import: "default" });

export interface Draft {
  slug: string;
  title: string;
  description: string;
  document: string;
}

const SLUG = /^[a-z][a-z0-9_-]{0,62}$/;

/** A name as pipelines have them, as near to a text as can be; "pipeline" where nothing of it can be kept. */
export function slugOf(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .replace(/-+$/, "")
    .slice(0, 63);
  return SLUG.test(slug) ? slug : "pipeline";
}

export const isSlug = (text: string): boolean => SLUG.test(text);

/** A name that no other pipeline has: "shop", else "shop-2". */
export function freeSlug(wanted: string, taken: ReadonlySet<string>): string {
  let found = wanted;
  for (let n = 2; taken.has(found); n += 1) found = `${wanted.slice(0, 60)}-${n}`;
  return found;
}

/** What a document says of itself. A text that cannot be read is a draft like any other: it is named by its file. */
export function draftOf(document: string, file: string): Draft {
  const stem = file.replace(/^.*\//, "").replace(/\.(ya?ml|json)$/i, "");
  let said: unknown;
  try {
    said = parse(document);
  } catch {
    said = null;
  }
  const facts = typeof said === "object" && said !== null ? (said as Record<string, unknown>) : {};
  const text = (name: string) => (typeof facts[name] === "string" ? facts[name].trim() : "");
  return { slug: slugOf(text("name") || stem), title: text("title"), description: text("description"), document };
}

export async function loadExamples(): Promise<Draft[]> {
  const found = await Promise.all(Object.entries(FILES).map(async ([file, load]) => draftOf(await load(), file)));
  return found.sort((a, b) => a.slug.localeCompare(b.slug));
}
