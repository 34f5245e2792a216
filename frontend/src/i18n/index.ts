/**
 * The language of the pages. Texts are written in English where they are used; a catalogue gives the others.
 *
 *     t("Nothing matches “{query}”", { query })     a text of the page
 *     msg("Undo")                                    the same in a constant of a module: shown by `t(label)` later
 *     said(error.message)                            a text that the platform said, in the reader's language where it is known
 *
 * The catalogues of Chinese are `zh/*.json` (texts of the pages, one file a part) and `zh/server/*.json` (of the platform: the variable
 * parts are `{}`, in the translation `{0}`, `{1}`). They are loaded only by who reads Chinese. A test finds texts without a translation.
 */
import { create } from "zustand";

import { type Templates, templatesOf, translated } from "./templates";

export type Language = "en" | "zh";
export type Values = Readonly<Record<string, string | number>>;

export const LANGUAGES: ReadonlyArray<{ id: Language; name: string; tag: string }> = [
  { id: "en", name: "English", tag: "en" },
  { id: "zh", name: "简体中文", tag: "zh-CN" },
];

interface Spoken {
  language: Language;
  texts: ReadonlyMap<string, string>;
  server: Templates;
  /** Texts of the documents that come with the pages. */
  documents: ReadonlyMap<string, string>;
}

const KEPT = "porsche.language";
const NONE = templatesOf({});

export const useSpoken = create<Spoken>(() => ({ language: "en", texts: new Map(), server: NONE, documents: new Map() }));

export const useLanguage = (): Language => useSpoken((state) => state.language);
export const language = (): Language => useSpoken.getState().language;

/** A text in the language of the page, its `{name}`s filled in. */
export function t(text: string, values?: Values): string {
  const found = useSpoken.getState().texts.get(text) ?? text;
  return values ? found.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole)) : found;
}

/** Marks a text of a constant for the catalogue; it is shown by `t`. */
export function msg(text: string): string {
  return text;
}

/** What the platform said, in the language of the page where the catalogue has it. Names and values in it stay. */
export function said(text: string): string {
  return translated(useSpoken.getState().server, text);
}

/** One of two texts by a number, which `{count}` stands for. */
export function plural(count: number, one: string, many: string, values?: Values): string {
  return t(count === 1 ? one : many, { count: count.toLocaleString("en"), ...values });
}

/** Several names or texts in a row, as the language of the page sets them. */
export function listed(texts: readonly string[], between: "," | ";" = ","): string {
  return texts.join(language() === "zh" ? { ",": "、", ";": "；" }[between] : `${between} `);
}

/** What is said of something: "clicks: no rows". */
export function about(subject: string, text: string): string {
  return subject + (language() === "zh" ? "：" : ": ") + text;
}

/** The language that the person chose before, else the browser's. */
export function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.languages.some((each) => /^zh\b/i.test(each)) && !/^en\b/i.test(navigator.language) ? "zh" : "en";
}

/** Loads a language and shows it; kept for the next visit where the person chose it. */
export async function speak(wanted: Language, keep = false): Promise<void> {
  const loaded = wanted === "en" ? { texts: new Map<string, string>(), server: NONE, documents: new Map<string, string>() } : await import("./zh").then((zh) => zh.load());
  if (keep) localStorage.setItem(KEPT, wanted);
  document.documentElement.lang = LANGUAGES.find((each) => each.id === wanted)?.tag ?? "en";
  useSpoken.setState({ language: wanted, ...loaded });
}
