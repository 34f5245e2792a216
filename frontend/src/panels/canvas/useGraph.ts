/** What is drawn, from the document, the catalogue and the compiler's diagnostics. */

import { useMemo, useState } from "react";

import { type Link, arrange } from "../../document/layout";
import type { Layout, Model } from "../../document/model";
import { diagnosticsOf, useEditor } from "../document/editor";
import { type Catalogue, useCatalogueReady, useKnown } from "./catalogue";
import { type Failure, type TileData, type Wire, tilesOf, wiresOf } from "./graph";

export interface Drawn {
  model: Model;
  tiles: ReadonlyMap<string, TileData>;
  wires: readonly Wire[];
  /** Where the nodes stand. */
  places: Layout;
  /** Where nodes and notes stand. */
  all: Layout;
  catalogue: Catalogue;
}

const NOTHING = { tiles: new Map<string, TileData>(), wires: [], places: {}, all: {} };

export function useGraph(failure: Failure | null): Drawn {
  const model = useEditor((state) => state.model);
  const diagnostics = useEditor(diagnosticsOf);
  const layout = useEditor((state) => state.history.pipeline.layout);
  const catalogue = useKnown();
  const ready = useCatalogueReady();
  const [kept] = useState<Kept>(() => ({ tiles: NOTHING.tiles, wires: [], graph: { nodes: [], links: [], layout: {} }, said: "" }));
  const tiles = useMemo(() => keep(kept, "tiles", tilesOf(model, catalogue, diagnostics, failure, kept.tiles)), [model, catalogue, diagnostics, failure, kept]);
  const wires = useMemo(() => keep(kept, "wires", wiresOf(model, catalogue, kept.wires)), [model, catalogue, kept]);
  const graph = useMemo(() => graphOf(model, kept), [model, kept]);
  const places = useMemo(() => arrange(graph.nodes, graph.links, { ...graph.layout, ...layout }), [graph, layout]);
  const all = useMemo(() => (model.notes.length ? { ...places, ...notePlaces(model, layout) } : places), [model, layout, places]);
  return ready ? { model, tiles, wires, places, all, catalogue } : { ...NOTHING, model, catalogue }; // tiles have their ports once the catalogue is known
}

/** Notes that nobody placed stand above everything, side by side. */
function notePlaces(model: Model, layout: Layout): Layout {
  return Object.fromEntries(model.notes.map(({ id }, i) => [id, layout[id] ?? model.layout[id] ?? [i * 220, -120, 200, 80]]));
}

/** What was drawn last: what says the same stays the same object. */
interface Kept {
  tiles: ReadonlyMap<string, TileData>;
  wires: readonly Wire[];
  graph: { nodes: string[]; links: Link[]; layout: Layout };
  /** What `graph` says. */
  said: string;
}

function keep<K extends keyof Kept>(kept: Kept, name: K, value: Kept[K]): Kept[K] {
  kept[name] = value;
  return value;
}

/** What places depend on: most edits leave it as it is. */
function graphOf(model: Model, kept: Kept): Kept["graph"] {
  const graph = { nodes: model.nodes.map((node) => node.id), links: model.edges.map(({ from, to }) => ({ from, to })), layout: model.layout };
  const said = JSON.stringify(graph);
  if (said === kept.said) return kept.graph;
  keep(kept, "said", said);
  return keep(kept, "graph", graph);
}
