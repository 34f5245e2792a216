/** What is drawn, from the document, the catalogue and the compiler's diagnostics. */

import { useMemo, useState } from "react";

import { arrange } from "../../document/layout";
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
  const [kept] = useState(() => ({ tiles: new Map<string, TileData>() as ReadonlyMap<string, TileData> }));
  const tiles = useMemo(() => keep(kept, tilesOf(model, catalogue, diagnostics, failure, kept.tiles)), [model, catalogue, diagnostics, failure, kept]);
  const wires = useMemo(() => wiresOf(model, catalogue), [model, catalogue]);
  const places = useMemo(() => {
    const links = model.edges.map(({ from, to }) => ({ from, to }));
    return arrange(model.nodes.map((node) => node.id), links, { ...model.layout, ...layout });
  }, [model, layout]);
  const all = useMemo(() => (model.notes.length ? { ...places, ...notePlaces(model, layout) } : places), [model, layout, places]);
  return ready ? { model, tiles, wires, places, all, catalogue } : { ...NOTHING, model, catalogue }; // tiles have their ports once the catalogue is known
}

/** Notes that nobody placed stand above everything, side by side. */
function notePlaces(model: Model, layout: Layout): Layout {
  return Object.fromEntries(model.notes.map(({ id }, i) => [id, layout[id] ?? model.layout[id] ?? [i * 220, -120, 200, 80]]));
}

function keep<T>(kept: { tiles: T }, tiles: T): T {
  kept.tiles = tiles;
  return tiles;
}
