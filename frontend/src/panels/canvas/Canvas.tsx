import "@xyflow/react/dist/base.css";

import { Background, BackgroundVariant, MiniMap, Panel, ReactFlow, ReactFlowProvider, type useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useCallback } from "react";

import { t } from "../../i18n";
import { useEditor } from "../document/editor";
import { useKept } from "../run/kept";
import classes from "./canvas.module.css";
import type { Failure } from "./graph";
import { NodeTile, type Tile } from "./NodeTile";
import { Outline } from "./Outline";
import { RateEdge, type WireEdge } from "./RateEdge";
import { choose, useLinked } from "./selection";
import { Toolbar } from "./Toolbar";
import { useGraph } from "./useGraph";
import { useTiles } from "./useTiles";
import { useWires } from "./useWires";
import { FIT, useFitting, useFlow, useShowSelected } from "./viewport";

const NODE_TYPES = { tile: NodeTile };
const EDGE_TYPES = { rate: RateEdge };

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
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ selected, onSelect, failure, canEdit }: CanvasProps) {
  const [outline, setOutline] = useKept("canvas.outline", false);
  const [map, setMap] = useKept("canvas.map", false);
  const { tiles, wires, places } = useGraph(failure);
  const nodes = useTiles(tiles, places);
  const edges = useWires(wires, places);
  const flow = useFlow();
  const onMoved = useFitting(tiles.size);
  useLinked(selected, onSelect, useCallback((node: string) => !tiles.size || tiles.has(node), [tiles]));
  useShowSelected(selected);
  const broken = useEditor((state) => state.broken);
  return (
    <div className={classes.canvas} data-canvas onKeyDown={(event) => onZoomKey(event, flow)}>
      {outline ? <Outline tiles={tiles} wires={wires} selected={selected} onSelect={onSelect} /> : null}
      <div className={classes.flow}>
        <ReactFlow<Tile, WireEdge>
          nodes={nodes.shown} edges={edges} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} onNodesChange={nodes.onChange}
          onMoveStart={onMoved} onPaneClick={() => choose({})}
          nodesConnectable={false} nodesDraggable={canEdit} edgesFocusable={false} elementsSelectable deleteKeyCode={null}
          fitView fitViewOptions={FIT} minZoom={0.15} maxZoom={2} panOnScroll={false} selectNodesOnDrag={false} nodeDragThreshold={3}
          aria-label={t("Pipeline")}
        >
          <Background variant={BackgroundVariant.Dots} gap={24} size={1} />
          <Panel position="top-left">
            <Toolbar outline={outline} setOutline={setOutline} map={map} setMap={setMap} canEdit={canEdit} />
          </Panel>
          {broken ? <Panel position="top-center"><div className={classes.notice} role="status">{t("The document is not YAML just now: this is how it was.")}</div></Panel> : null}
          {map ? <MiniMap<Tile> pannable zoomable style={{ width: 150, height: 96 }} ariaLabel={t("Map of the pipeline")}
            nodeColor={(node) => (node.data.failure || node.data.errors ? "var(--p-bad-solid)" : node.selected ? "var(--p-accent)" : "var(--p-line-strong)")} /> : null}
        </ReactFlow>
      </div>
    </div>
  );
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
