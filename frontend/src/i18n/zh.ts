/** Chinese: all catalogues and the fonts that have its glyphs, in a bundle of their own. */
import "@fontsource-variable/noto-sans-sc";

import { type Templates, templatesOf } from "./templates";

type Texts = Readonly<Record<string, string>>;
const pages = import.meta.glob<Texts>("./zh/*.json", { eager: true, import: "default" });
const documents = import.meta.glob<Texts>("./zh/documents/*.json", { eager: true, import: "default" });
const server = import.meta.glob<Texts>("./zh/server/*.json", { eager: true, import: "default" });

const mapOf = (files: Readonly<Record<string, Texts>>) => new Map(Object.values(files).flatMap((texts) => Object.entries(texts)));

export function load(): { texts: ReadonlyMap<string, string>; server: Templates; documents: ReadonlyMap<string, string> } {
  return {
    texts: mapOf(pages),
    documents: mapOf(documents),
    server: templatesOf(Object.assign({}, ...Object.values(server)) as Texts),
  };
}
