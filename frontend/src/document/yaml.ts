/** YAML as the compiler reads it: version 1.1's words for yes and no, dates as texts, no merging of keys. */
import { type Document, Document as YamlDocument, type ParsedNode, type ScalarTag, type Tags, parseDocument } from "yaml";

const NOT_OURS = new Set(["tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:binary", "tag:yaml.org,2002:omap",
  "tag:yaml.org,2002:pairs", "tag:yaml.org,2002:set", "tag:yaml.org,2002:merge"]);

const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;

/** The tags of YAML 1.1 that the compiler knows; to it, `y` and `n` are letters. */
function tagsOf(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === "string" || !NOT_OURS.has(tag.tag)).map((tag) => {
    if (typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:bool") return tag;
    const scalar = tag as ScalarTag;
    return { ...scalar, test: scalar.test?.test("yes") ? TRUE : FALSE };
  });
}

const OPTIONS = { version: "1.1", merge: false, stringKeys: true, customTags: tagsOf } as const;

export type Parsed = Document.Parsed<ParsedNode, true>;

/** The tree of a text, with its errors in `errors`; ranges are offsets of the text. */
export function parseYaml(text: string): Parsed {
  return parseDocument(text, OPTIONS) as Parsed;
}

/** A value, or a node made by `inOneLine`, as YAML; ends without a line break. */
export function printYaml(value: unknown): string {
  const document = new YamlDocument(value, { ...OPTIONS, aliasDuplicateObjects: false });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).replace(/\n$/, "");
}

/** A value that prints itself in one line, in braces and brackets, wherever it stands. */
export function inOneLine(value: unknown): unknown {
  return new YamlDocument(null, OPTIONS).createNode(value, { flow: true, aliasDuplicateObjects: false });
}

/** Whether a key needs no quotes wherever it stands. */
export function isPlain(word: string): boolean {
  return /^[A-Za-z_][\w.-]*$/.test(word) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(word);
}
