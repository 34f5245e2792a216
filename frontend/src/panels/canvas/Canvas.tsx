import "@xyflow/react/dist/base.css";

import { Background, BackgroundVariant, MiniMap, Panel, ReactFlow, ReactFlowProvider } from "@xyflow/react";
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useMemo } from "react";

import { useActions } from "../../actions";
import { t } from "../../i18n";
import { useEditor, useEditorStore } from "../document/editor";
import { useWithLibrary } from "../library/offered";
import { CANVAS_ACTIONS } from "./actions";
import { Announcer } from "./announce";
import classes from "./canvas.module.css";
import { Components } from "./Components";
import { type Desk, portsFor, useDesk } from "./desk";
import { DetailContext, LiveContext, useDetail, useTold } from "./detail";
import editing from "./editing.module.css";
import { EmptyCanvas } from "./EmptyCanvas";
import { takeFocus } from "./focus";
import type { Failure, WireEdge } from "./graph";
import { NodeTile } from "./NodeTile";
import { Outline } from "./Outline";
import { goInside } from "./operations";
import { Overlays } from "./Overlays";
import { Folded, Frame, NoteCard, foldedOf, placesThroughFolds, throughFolds } from "./parts";
import { RateEdge } from "./RateEdge";
import { choose, useLinked } from "./selection";
import { useShown } from "./shown";
import { Toolbar } from "./Toolbar";
import { useClipboard } from "./useClipboard";
import { useGlow } from "./useGlow";
import { type Drawn, useGraph } from "./useGraph";
import { onCanvasDoubleClick, useHandlers } from "./useHandlers";
import { type Standing, useTiles } from "./useTiles";
import { useWires } from "./useWires";
import { ariaLabels, FIT, useFitting, useFlow, useShowSelected } from "./viewport";
import { WireHint } from "./WireHint";
import { Where } from "./Where";
import { Wires } from "./Wires";

const NODE_TYPES = { tile: NodeTile, frame: Frame, folded: Folded, note: NoteCard };
const EDGE_TYPES = { rate: RateEdge };
const NO_EDGES: WireEdge[] = [];
const MAP = { width: 150, height: 96 };

interface CanvasProps {
  selected: string | null;
  onSelect: (node: string | null) => void;
  /** Shows a node and one of its properties. */
  onProperty: (node: string, property: string | null) => void;
  failure: Failure | null;
  canEdit: boolean;
  /** Goes into a component, or out again; there to a node. */
  onEnter: Desk["enter"];
}

/** The pipeline, drawn: tiles that can be moved, wires as thick as their rate, problems on their nodes. */
export function Canvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ selected, onSelect, onProperty, failure, canEdit, onEnter }: CanvasProps) {
  const shown = useShown((state) => state.parts);
  const drawn = useGraph(failure);
  const { model, tiles } = drawn;
  const desk = useDeskOf(drawn, canEdit, onEnter);
  useLinked(selected, onSelect, useCallback((node: string) => !tiles.size || tiles.has(node), [tiles]));
  useShowSelected(selected);
  useActions(CANVAS_ACTIONS);
  useClipboard();
  useGlow();
  useEffect(takeFocus, []);
  const broken = useEditor((state) => state.broken);
  const empty = !tiles.size && !model.nodes.length && !model.notes.length && !broken;
  return (
    <LiveContext value={!desk.inside}>
      <div className={classes.canvas} data-canvas>
        {shown.has("components") && canEdit ? <Components desk={desk} /> : null}
        {shown.has("outline") ? <Outline tiles={tiles} wires={drawn.wires} /> : null}
        <div className={`${classes.flow} ${editing.region}`} role="region" aria-label={t("Canvas")} tabIndex={0} data-canvas-region onKeyDown={onTileKey} onDoubleClick={onCanvasDoubleClick}>
          {desk.inside ? <Where desk={desk} inside={desk.inside} /> : null}
          <Plane drawn={drawn} canEdit={canEdit} fixed={desk.inside !== null} broken={broken} map={shown.has("map")} />
          {empty && canEdit && desk.catalogue.size ? <div className={editing.begin}><EmptyCanvas desk={desk} /></div> : null}
          <WireHint />
        </div>
        <Overlays desk={desk} onProperty={onProperty} />
        <Announcer />
      </div>
    </LiveContext>
  );
}

interface PlaneProps {
  drawn: Drawn;
  canEdit: boolean;
  /** Nodes stay where they are. */
  fixed: boolean;
  broken: boolean;
  map: boolean;
}

/** Tiles and wires. Each movement of a tile that is dragged draws this anew, and nothing around it. */
function Plane({ drawn, canEdit, fixed, broken, map }: PlaneProps) {
  const { model, tiles, places } = drawn;
  const nodes = useTiles(model, tiles, drawn.all);
  const folded = useMemo(() => foldedOf(model), [model]);
  const wires = useMemo(() => throughFolds(drawn.wires, folded), [drawn.wires, folded]);
  const edges = useWires(wires, useMemo(() => placesThroughFolds(places, folded), [places, folded]));
  const { detail, onlyVisible } = useDetail(tiles.size);
  const told = useTold(nodes.shown, detail);
  const handlers = useHandlers(canEdit);
  const labels = useMemo(() => ariaLabels(), []);
  const onMoved = useFitting(tiles.size);
  const tools = useMemo(() => <Panel position="top-left"><Toolbar canEdit={canEdit} /></Panel>, [canEdit]);
  return (
    <DetailContext value={detail}>
      <ReactFlow<Standing, WireEdge>
        nodes={told} edges={detail === "tiny" ? NO_EDGES : edges} onlyRenderVisibleElements={onlyVisible} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES}
        onNodesChange={nodes.onChange} onMoveStart={onMoved} {...handlers}
        nodesConnectable={canEdit} nodesDraggable={canEdit && !fixed} edgesReconnectable={canEdit} edgesFocusable={false} elementsSelectable deleteKeyCode={null} disableKeyboardA11y
        connectionRadius={28} reconnectRadius={12} connectOnClick={false} zoomOnDoubleClick={false} elevateEdgesOnSelect
        fitView fitViewOptions={FIT} minZoom={0.15} maxZoom={2} panOnScroll={false} selectNodesOnDrag={false} nodeDragThreshold={3}
        aria-label={t("Pipeline")} ariaLabelConfig={labels}
      >
        {detail === "tiny" ? <Wires edges={edges} /> : null}
        <Background variant={BackgroundVariant.Dots} gap={24} size={1} />
        {tools}
        {broken ? <Panel position="top-center"><div className={classes.notice} role="status">{t("The document is not YAML just now: this is how it was.")}</div></Panel> : null}
        {map ? <MiniMap<Standing> pannable zoomable style={MAP} ariaLabel={t("Map of the pipeline")} nodeColor={mapColour} /> : null}
      </ReactFlow>
    </DetailContext>
  );
}

/** What actions and gestures work on. */
function useDeskOf({ catalogue: known, wires, all }: Drawn, canEdit: boolean, enter: Desk["enter"]): Desk {
  const editor = useEditorStore();
  const inside = useEditor((state) => state.inside);
  const flow = useFlow();
  const catalogue = useWithLibrary(known);
  const desk = useMemo((): Desk => ({ editor, canEdit, catalogue, ports: portsFor(catalogue), wires, places: all, flow, inside, enter }), [editor, canEdit, catalogue, wires, all, flow, inside, enter]);
  useLayoutEffect(() => {
    useDesk.setState({ desk });
    return () => useDesk.setState({ desk: null });
  }, [desk]);
  return desk;
}

/** Enter and Space select the tile that has the focus; Enter goes into a component of the document. */
function onTileKey(event: KeyboardEvent): void {
  const tile = event.target instanceof HTMLElement && event.target.classList.contains("react-flow__node-tile") ? event.target : null;
  if (!tile || (event.key !== "Enter" && event.key !== " ") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const node = tile.dataset.id ?? "";
  if (event.key === " " || !goInside(node)) choose({ nodes: [node] });
}

function mapColour(node: Standing): string {
  if (node.type === "frame" || node.type === "note") return "transparent";
  const data = node.data as { failure?: string; errors?: number };
  return data.failure || data.errors ? "var(--p-bad-solid)" : node.selected ? "var(--p-accent)" : "var(--p-line-strong)";
}
