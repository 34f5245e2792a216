/** What a new pipeline can begin as: pipelines that stream as they are, and larger examples. Their documents are bundled as texts. */

import { parse } from "yaml";

import { msg } from "../../i18n";
import { documentSaid } from "../../i18n/documents";

const FILES = import.meta.glob<string>("../../../../examples/**/*.yaml", { query: "?raw", import: "default" });

export interface Template {
  /** Its file's name, which is the pipeline's. */
  name: string;
  title: string;
  text: string;
  /** What it needs before it can run. */
  needs?: string;
}

/** In the order of learning. A test keeps this list and the files the same. */
export const TEMPLATES: readonly Template[] = [
  { name: "first-model", title: msg("Learn who clicks"), text: msg("The shortest way to a model: it learns as events come, predicts each one, and is measured. Begin here.") },
  { name: "filter-and-measure", title: msg("Filter and measure"), text: msg("Three nodes: events of a made-up shop, those that matter, numbers to watch.") },
  { name: "user-features", title: msg("Features of users"), text: msg("What each user did in the last minutes and hours, kept where predictions find it.") },
  { name: "busiest-items", title: msg("Busiest items of each hour"), text: msg("Windows of event time: a result for each hour, written to a file once the hour has ended.") },
  { name: "shop", title: msg("The whole shop"), text: msg("Features, labels that come later, a model, predictions and their quality beside the best that could be.") },
  { name: "taobao", title: msg("Conversion from logs"), text: msg("Features of users, items and categories from a log of behaviour; who will buy?"), needs: msg("Reads a file of yours") },
];

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

export async function loadTemplate({ name }: Template): Promise<Draft> {
  const [file, load] = Object.entries(FILES).find(([path]) => path.endsWith(`/${name}.yaml`)) ?? [];
  if (!file || !load) throw new Error(`there is no template ${name}`);
  return draftOf(documentSaid(await load()), file);
}

/** The names of all that could be offered. */
export const templateNames = (): string[] => Object.keys(FILES).map((file) => file.replace(/^.*\/|\.yaml$/g, "")).sort();
