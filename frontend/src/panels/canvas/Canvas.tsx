import "@xyflow/react/dist/base.css";

import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconFocusCentered, IconLayoutDistributeHorizontal, IconList, IconMap2, IconMinus, IconPlus } from "@tabler/icons-react";
import { Background, BackgroundVariant, MiniMap, type NodeChange, Panel, ReactFlow, ReactFlowProvider, applyNodeChanges, useReactFlow, useStore } from "@xyflow/react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { counted } from "../../design/format";
import { SHAPE, arrange } from "../../document/layout";
import type { Layout } from "../../document/model";
import { diagnosticsOf, useEditor, useEditorStore } from "../document/editor";
import { useKept } from "../run/kept";
import classes from "./canvas.module.css";
import { useCatalogue, useCatalogueReady } from "./catalogue";
import { type Failure, type TileData, type Wire, tilesOf, wiresOf } from "./graph";
import { lanesOf } from "./lane";
import { NodeTile, type Tile } from "./NodeTile";
import { Outline } from "./Outline";
import { RateEdge, type WireEdge } from "./RateEdge";

const NODE_TYPES = { tile: NodeTile };
const EDGE_TYPES = { rate: RateEdge };
const FIT = { padding: { top: "14px", bottom: "18px", left: "56px", right: "22px" }, maxZoom: 1.1, minZoom: 0.2 } as const;

interface CanvasProps {
  selected: string | null;
  onSelect: (node: string | null) => void;
  failure: Failure | null;
  canEdit: boolean;
}

/** The pipeline, drawn: tiles that can be moved, wires as thick as their rate, problems on their nodes. */
export function Canvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Drawn {...props} />
    </ReactFlowProvider>
  );
}

function Drawn({ selected, onSelect, failure, canEdit }: CanvasProps) {
  const [outline, setOutline] = useKept("canvas.outline", false);
  const [map, setMap] = useKept("canvas.map", false);
  const { tiles, wires, places } = useGraph(failure);
  const nodes = useTiles(tiles, places, selected, onSelect);
  const edges = useWires(wires, places, selected);
  const flow = useReactFlow<Tile, WireEdge>();
  const onMoved = useFitting(tiles.size);
  useShowSelected(selected);
  const broken = useEditor((state) => state.broken);
  return (
    <div className={classes.canvas} onKeyDown={(event) => onZoomKey(event, flow)}>
      {outline ? <Outline tiles={tiles} wires={wires} selected={selected} onSelect={onSelect} /> : null}
      <div className={classes.flow}>
        <ReactFlow<Tile, WireEdge>
          nodes={nodes.shown} edges={edges} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} onNodesChange={nodes.onChange}
          onMoveStart={onMoved} onNodeClick={(_, node) => onSelect(node.id)} onPaneClick={() => onSelect(null)}
          nodesConnectable={false} nodesDraggable={canEdit} edgesFocusable={false} elementsSelectable deleteKeyCode={null}
          fitView fitViewOptions={FIT} minZoom={0.15} maxZoom={2} panOnScroll={false} selectNodesOnDrag={false} nodeDragThreshold={3}
          aria-label="Pipeline"
        >
          <Background variant={BackgroundVariant.Dots} gap={24} size={1} />
          <Panel position="top-left">
            <Tools outline={outline} setOutline={setOutline} map={map} setMap={setMap} canEdit={canEdit} />
          </Panel>
          {broken ? <Panel position="top-center"><div className={classes.notice} role="status">The document is not YAML just now: this is how it was.</div></Panel> : null}
          {map ? <MiniMap<Tile> pannable zoomable style={{ width: 150, height: 96 }} ariaLabel="Map of the pipeline"
            nodeColor={(node) => (node.data.failure || node.data.errors ? "var(--p-bad-solid)" : node.selected ? "var(--p-accent)" : "var(--p-line-strong)")} /> : null}
        </ReactFlow>
      </div>
    </div>
  );
}

/** Keeps everything in view as nodes come and the canvas changes its size, until the person chooses a view. */
function useFitting(count: number): (event: unknown) => void {
  const { fitView } = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const moved = useRef(false);
  useEffect(() => {
    if (count && width && height && !moved.current) void fitView(FIT);
  }, [fitView, count, width, height]);
  return useCallback((event: unknown) => {
    if (event) moved.current = true; // without an event it was us
  }, []);
}

/** What is drawn, from the document, the catalogue and the compiler's diagnostics. */
function useGraph(failure: Failure | null): { tiles: ReadonlyMap<string, TileData>; wires: readonly Wire[]; places: Layout } {
  const model = useEditor((state) => state.model);
  const diagnostics = useEditor(diagnosticsOf);
  const layout = useEditor((state) => state.history.pipeline.layout);
  const catalogue = useCatalogue();
  const ready = useCatalogueReady();
  const [kept] = useState(() => ({ tiles: new Map<string, TileData>() as ReadonlyMap<string, TileData> }));
  const tiles = useMemo(() => keep(kept, tilesOf(model, catalogue, diagnostics, failure, kept.tiles)), [model, catalogue, diagnostics, failure, kept]);
  const wires = useMemo(() => wiresOf(model, catalogue), [model, catalogue]);
  const places = useMemo(() => {
    const links = model.edges.map(({ from, to }) => ({ from, to }));
    return arrange(model.nodes.map((node) => node.id), links, { ...model.layout, ...layout });
  }, [model, layout]);
  return ready ? { tiles, wires, places } : NOTHING; // tiles have their ports once the catalogue is known
}

const NOTHING = { tiles: new Map<string, TileData>(), wires: [], places: {} };

function keep<T>(kept: { tiles: T }, tiles: T): T {
  kept.tiles = tiles;
  return tiles;
}

interface Moved {
  [node: string]: { x: number; y: number };
}

/** Tiles at their places. While one is dragged it is where the pointer is; let go, or moved by keys, it is a command. */
function useTiles(tiles: ReadonlyMap<string, TileData>, places: Layout, selected: string | null, onSelect: (node: string) => void) {
  const editor = useEditorStore();
  const [shown, setShown] = useState<Tile[]>([]);
  const wanted = useMemo(() => [...tiles.values()].map((data): Tile => {
    const [x, y] = places[data.id] ?? [0, 0];
    return { id: data.id, type: "tile", position: { x, y }, data, selected: data.id === selected, width: SHAPE.width, height: SHAPE.height,
      ariaLabel: ariaOf(data) };
  }), [tiles, places, selected]);
  const [drawn, setDrawn] = useState<{ wanted: Tile[] | null; selected: string | null }>({ wanted: null, selected: null });
  if (drawn.wanted !== wanted) {
    setDrawn({ wanted, selected });
    setShown(merged(shown, wanted, drawn.selected === selected));
  }
  const onChange = useCallback((changes: NodeChange<Tile>[]) => {
    setShown((now) => applyNodeChanges(changes.filter((change) => change.type !== "remove"), now));
    const chosen = changes.filter((change) => change.type === "select" && change.selected);
    if (chosen.length === 1 && chosen[0]?.type === "select") onSelect(chosen[0].id); // by Enter; a click says it too
    const moved: Moved = {};
    for (const change of changes) {
      if (change.type === "position" && change.position && !change.dragging) moved[change.id] = change.position;
    }
    const names = Object.keys(moved);
    if (!names.length) return;
    const positions = Object.fromEntries(names.map((node) => [node, place(moved[node])]));
    editor.getState().change({ kind: "move_nodes", positions: { ...places, ...positions } }, names.length === 1 ? `Move ${names[0]}` : `Move ${names.length} nodes`,
      `move ${names.join(" ")}`);
  }, [editor, places, onSelect]);
  return { shown, onChange };
}

function place(at: { x: number; y: number } | undefined): readonly [number, number] {
  return [Math.round(at?.x ?? 0), Math.round(at?.y ?? 0)];
}

/** What the canvas measured of a tile stays with it; so do further selected ones, unless another node was selected (`keep`). */
function merged(before: readonly Tile[], wanted: readonly Tile[], keep: boolean): Tile[] {
  const old = new Map(before.map((tile) => [tile.id, tile]));
  return wanted.map((tile) => {
    const was = old.get(tile.id);
    if (!was) return tile;
    const selected = Boolean(tile.selected || (keep && was.selected));
    const same = was.data === tile.data && was.selected === selected && was.position.x === tile.position.x && was.position.y === tile.position.y;
    return same ? was : { ...was, ...tile, selected };
  });
}

function ariaOf(data: TileData): string {
  const problem = data.failure ? `, failed: ${data.failure}` : data.errors ? `, ${counted(data.errors, "error")}` : data.warnings ? `, ${counted(data.warnings, "warning")}` : "";
  return `${data.label}, ${data.title}${data.label === data.id ? "" : `, id ${data.id}`}${problem}`;
}

function useWires(wires: readonly Wire[], places: Layout, selected: string | null): WireEdge[] {
  const lanes = useMemo(() => lanesOf(wires, places), [wires, places]);
  return useMemo(() => wires.map((wire, i): WireEdge => ({
    id: wire.id, type: "rate", source: wire.source, target: wire.target, targetHandle: wire.port, data: { relation: wire.relation, lane: lanes[i] ?? null },
    className: wire.source === selected || wire.target === selected ? "near" : undefined, focusable: false,
  })), [wires, lanes, selected]);
}

/** Brings a node that was selected elsewhere into view, without moving what is in view already. */
function useShowSelected(selected: string | null) {
  const flow = useReactFlow<Tile, WireEdge>();
  useEffect(() => {
    const node = selected ? flow.getNode(selected) : undefined;
    const box = document.querySelector(".react-flow")?.getBoundingClientRect();
    if (!node || !box) return;
    const [x, y] = [node.position.x + SHAPE.width / 2, node.position.y + SHAPE.height / 2];
    const at = flow.flowToScreenPosition({ x, y });
    if (at.x < box.left || at.x > box.right || at.y < box.top || at.y > box.bottom) void flow.setCenter(x, y, { zoom: flow.getZoom() });
  }, [selected, flow]);
}

function onZoomKey(event: KeyboardEvent, flow: ReturnType<typeof useReactFlow<Tile, WireEdge>>) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
  const keys: Record<string, () => unknown> = {
    "0": () => flow.fitView(FIT), "1": () => flow.zoomTo(1), "+": () => flow.zoomIn(), "=": () => flow.zoomIn(), "-": () => flow.zoomOut(),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]?.();
}

interface ToolsProps {
  outline: boolean;
  setOutline: (shown: boolean) => void;
  map: boolean;
  setMap: (shown: boolean) => void;
  canEdit: boolean;
}

function Tools({ outline, setOutline, map, setMap, canEdit }: ToolsProps) {
  const flow = useReactFlow();
  const editor = useEditorStore();
  const past = useEditor((state) => state.history.past.at(-1)?.label);
  const future = useEditor((state) => state.history.future[0]?.label);
  const layout = useEditor((state) => state.history.pipeline.layout);
  const { change, undo, redo } = editor.getState();
  const tidy = () => change({ kind: "move_nodes", positions: Object.fromEntries(Object.keys(layout).map((node) => [node, null])) }, "Tidy up");
  const tools = [
    { label: "Outline", icon: IconList, run: () => setOutline(!outline), on: outline },
    { label: "Fit to view (0)", icon: IconFocusCentered, run: () => void flow.fitView(FIT) },
    { label: "Zoom in (+)", icon: IconPlus, run: () => void flow.zoomIn() },
    { label: "Zoom out (-)", icon: IconMinus, run: () => void flow.zoomOut() },
    { label: "Map", icon: IconMap2, run: () => setMap(!map), on: map },
    ...(canEdit ? [
      { label: "Tidy up: place all nodes anew", icon: IconLayoutDistributeHorizontal, run: tidy, off: !Object.keys(layout).length },
      { label: past ? `Undo: ${past} (Ctrl+Z)` : "Nothing to undo", icon: IconArrowBackUp, run: undo, off: !past },
      { label: future ? `Redo: ${future} (Ctrl+Shift+Z)` : "Nothing to redo", icon: IconArrowForwardUp, run: redo, off: !future },
    ] : []),
  ] as Array<{ label: string; icon: typeof IconList; run: () => void; on?: boolean; off?: boolean }>;
  return (
    <div className={classes.tools} role="toolbar" aria-label="Canvas">
      {tools.map(({ label, icon: Icon, run, on, off }) => (
        <Tooltip key={label} label={label}>
          <ActionIcon size="sm" aria-label={label} aria-pressed={on} onClick={run} disabled={off} variant={on ? "light" : "subtle"}>
            <Icon size={15} />
          </ActionIcon>
        </Tooltip>
      ))}
    </div>
  );
}
