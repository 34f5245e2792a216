/** The few pieces of a document that a command concerns, as a small document of their own. */
import type { TextEdit } from "./edits";
import type { OnDocument } from "./commands";
import { edgeIndex, nodeIndex } from "./meaning";
import { edgeOf, list, record } from "./parts";
import type { Piece, Source } from "./pieces";
import { resolved } from "./reach";

/** A document of some of the pieces, and the command as it is there. */
export interface Scope {
  text: string;
  command: OnDocument;
  /** Edits of it as edits of the whole text; null where one of them goes beyond a piece. */
  outside(edits: readonly TextEdit[]): TextEdit[] | null;
}

/** Where the command can be done on its own; null where it needs the whole document. */
export function scopeOf(source: Source, command: OnDocument): Scope | null {
  const wanted = wantedOf(source, command);
  if (!wanted) return null;
  const pieces: Piece[] = [];
  for (const piece of source.pieces) {
    const items = wanted.items.get(piece.section);
    if (items && (piece.item < 0 || items === "all" || items.has(piece.item))) pieces.push(piece);
  }
  const starts: number[] = [];
  let text = "";
  for (const piece of pieces) {
    starts.push(text.length);
    text += source.text.slice(piece.from, piece.to);
  }
  return { text, command: wanted.command, outside: (edits) => outside(edits, pieces, starts) };
}

function outside(edits: readonly TextEdit[], pieces: readonly Piece[], starts: readonly number[]): TextEdit[] | null {
  const made = edits.map((edit) => {
    const i = starts.findLastIndex((start) => start < edit.from || start === 0 || (start === edit.from && edit.to > edit.from));
    const [piece, start] = [pieces[i], starts[i]];
    if (!piece || start === undefined || edit.to > start + piece.to - piece.from) return null;
    return { from: edit.from - start + piece.from, to: edit.to - start + piece.from, insert: edit.insert };
  });
  return made.every((edit) => edit !== null) ? made : null;
}

interface Needed {
  items: Map<string, ReadonlySet<number> | "all">;
  command: OnDocument;
}

function wantedOf(source: Source, command: OnDocument): Needed | null {
  switch (command.kind) {
    case "set_property":
    case "rename_label":
      return some(source, command, { nodes: [nodeIndex(source.value, command.node)] });
    case "set_disabled":
      return some(source, command, { nodes: command.nodes.map((id) => nodeIndex(source.value, id)) });
    case "add_node":
    case "connect":
      return some(source, command, additionsTo(source, command.kind));
    case "additions":
      return command.commands[0] ? some(source, command, additionsTo(source, command.commands[0].kind)) : null;
    case "disconnect":
      return some(source, command, { edges: withNeighbour(source, "edges", [edgeIndex(source.value, command)]) });
    case "remove_nodes":
      return removal(source, command);
    case "rename_node":
      return renaming(source, command);
    case "set_in":
      return inside(source, command);
  }
}

function some(source: Source, command: OnDocument, lists: Record<string, readonly number[]>): Needed | null {
  const items: Needed["items"] = new Map();
  for (const [section, indices] of Object.entries(lists)) {
    if (!isCut(source, section) || indices.some((index) => index < 0)) return null;
    items.set(section, new Set(indices));
  }
  return { items, command };
}

function isCut(source: Source, section: string): boolean {
  return source.pieces.some((piece) => piece.section === section && piece.item >= 0);
}

function additionsTo(source: Source, kind: "add_node" | "connect"): Record<string, readonly number[]> {
  return kind === "add_node" ? { nodes: [lastOf(source, "nodes")] } : { edges: [lastOf(source, "edges")] };
}

function lastOf(source: Source, section: string): number {
  return list(source.value[section]).length - 1;
}

/** The items, and one that stays: a list does not become empty in the small document that is not in the whole one. */
function withNeighbour(source: Source, section: string, indices: readonly number[]): number[] {
  const gone = new Set(indices);
  const kept = list(source.value[section]).findIndex((_, i) => !gone.has(i));
  return kept < 0 ? [...indices] : [...indices, kept];
}

function removal(source: Source, command: Extract<OnDocument, { kind: "remove_nodes" }>): Needed | null {
  const gone = new Set(command.nodes);
  const touched = (end: string) => gone.has(end);
  const nodes = list(source.value.nodes).flatMap((node, i) => (gone.has(String(record(node).id)) ? [i] : []));
  const edges = list(source.value.edges).flatMap((edge, i) => (edgeOf(edge).some(({ from, to }) => touched(from) || touched(to)) ? [i] : []));
  const all = { nodes: withNeighbour(source, "nodes", nodes), ...(edges.length ? { edges: withNeighbour(source, "edges", edges) } : {}) };
  return some(source, command, all);
}

function renaming(source: Source, command: Extract<OnDocument, { kind: "rename_node" }>): Needed | null {
  const edges = list(source.value.edges).flatMap((edge, i) =>
    edgeOf(edge).filter(({ from, to }) => from === command.node || to === command.node).map((each) => ({ ...each, i })));
  const readers = new Set(edges.map(({ to }) => to));
  const nodes = list(source.value.nodes).flatMap((node, i) => (readers.has(String(record(node).id)) ? [i] : []));
  const lists = { nodes: [...nodes, nodeIndex(source.value, command.node)], ...(edges.length ? { edges: edges.map(({ i }) => i) } : {}) };
  const needed = some(source, command, lists);
  for (const section of ["groups", "samples", "tests", "layout"]) if (section in source.value) needed?.items.set(section, "all");
  return needed;
}

function inside(source: Source, command: Extract<OnDocument, { kind: "set_in" }>): Needed | null {
  const [section, index, ...rest] = resolved(source.value, command.path);
  if (typeof section !== "string") return null;
  if (!(section in source.value)) {
    const last = source.pieces.at(-1);
    return last ? { items: new Map([[last.section, new Set([last.item])]]), command } : null;
  }
  if (!isCut(source, section)) return { items: new Map([[section, "all"]]), command };
  if (typeof index !== "number") return null;
  const isLast = index === list(source.value[section]).length;
  const near = isLast ? [index - 1] : command.value === undefined && !rest.length ? withNeighbour(source, section, [index]) : [index];
  const at = isLast ? 1 : near.filter((each) => each < index).length;
  return some(source, { ...command, path: [section, at, ...rest] }, { [section]: near });
}
