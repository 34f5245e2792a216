/** What the pointer does on the canvas, in React Flow's terms: wires drawn and moved, things dropped, menus. */

import type { Connection, Edge, EdgeChange, FinalConnectionState, OnConnectStartParams, ReactFlowProps } from "@xyflow/react";
import type { DragEvent, MouseEvent as ReactMouseEvent } from "react";

import { useStable } from "../../design";
import { isEnd } from "../../document/inside";
import type { ModelEdge } from "../../document/model";
import { refuse } from "./announce";
import { COMPONENT_TYPE, markTarget, wireAt } from "./dropping";
import { deskNow, modelOf } from "./desk";
import type { WireEdge } from "./graph";
import * as ops from "./operations";
import { close, open } from "./overlay";
import { choose, useSelection } from "./selection";
import type { Standing } from "./useTiles";
import { beginWire, endWire, hover, refusalAt, useWiring } from "./wiring";

type Props = ReactFlowProps<Standing, WireEdge>;

/** All handlers keep their identity, so that the canvas is not drawn anew for them. */
export function useHandlers(canEdit: boolean) {
  const wires = useWireHandlers();
  const drops = useDropHandlers(canEdit);
  const menus = useMenus();
  return { ...wires, ...drops, ...menus } satisfies Props;
}

function useWireHandlers() {
  const onEdgesChange = useStable((changes: EdgeChange<WireEdge>[]) => {
    const selects = changes.flatMap((change) => (change.type === "select" ? [change] : []));
    if (!selects.length) return;
    const { nodes, edges, parts, primary } = useSelection.getState();
    const next = new Set(edges);
    for (const { id, selected } of selects) {
      if (selected) next.add(id);
      else next.delete(id);
    }
    choose({ nodes, parts, primary, edges: next });
  });
  const onConnectStart = useStable((_: unknown, { nodeId, handleId, handleType }: OnConnectStartParams) => {
    const desk = deskNow();
    if (!desk || !nodeId || useWiring.getState().marks) return; // a wire that is moved has begun already
    close(false);
    beginWire(desk, nodeId, handleType === "target", handleType === "target" ? handleId : null);
  });
  const isValidConnection = useStable(({ source, target, targetHandle }: Connection | Edge) => {
    const { from } = useWiring.getState();
    if (!from || source === target) return false;
    return from.backwards ? refusalAt(source, null) === null : refusalAt(target, targetHandle ?? null) === null;
  });
  const onConnect = useStable(({ source, target, targetHandle }: Connection) => void ops.connect(source, target, targetHandle ?? undefined));
  const onConnectEnd = useStable((event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    const { from } = useWiring.getState();
    endWire();
    if (!from || state.isValid) return;
    dropped(from, event, state);
  });
  const moving = useReconnect();
  return { onEdgesChange, onConnectStart, isValidConnection, onConnect, onConnectEnd, ...moving,
    onNodeMouseEnter: useStable((_: ReactMouseEvent, node: Standing) => hover(node.id)), onNodeMouseLeave: useStable(() => hover(null)) };
}

/** A wire let go elsewhere than at a port: on a tile it takes the input that is right, on the canvas it asks what should come there. */
function dropped(from: { node: string; backwards: boolean }, event: MouseEvent | TouchEvent, state: FinalConnectionState): void {
  const point = pointOf(event);
  const desk = deskNow();
  if (!desk || !point) return;
  const on = state.toHandle?.nodeId ?? document.elementFromPoint(point.x, point.y)?.closest<HTMLElement>(".react-flow__node")?.dataset.id;
  if (on === from.node) return;
  if (on) {
    if (from.backwards) ops.connect(on, from.node, state.fromHandle?.id ?? undefined);
    else ops.connect(from.node, on, state.toHandle?.id ?? undefined);
    return;
  }
  const { x, y } = desk.flow.screenToFlowPosition(point);
  const at = [Math.round(from.backwards ? x - 200 : x), Math.round(y - 35)] as const;
  open(from.backwards ? { kind: "add", point, at, before: { node: from.node, port: state.fromHandle?.id ?? undefined } } : { kind: "add", point, at, after: from.node });
}

function useReconnect() {
  const onReconnectStart = useStable((_: unknown, wire: WireEdge, fixed: "source" | "target") => {
    const desk = deskNow();
    const edge = desk && ops.edgeLike(desk, { source: wire.source, target: wire.target, port: wire.targetHandle ?? null });
    if (desk && edge) beginWire(desk, fixed === "source" ? wire.source : wire.target, fixed === "target", fixed === "target" ? (wire.targetHandle ?? null) : null, edge);
  });
  const onReconnect = useStable((wire: WireEdge, { source, target, targetHandle }: Connection) => {
    const edge = edgeFor(wire);
    if (!edge || (source === wire.source && target === wire.target && targetHandle === wire.targetHandle)) return;
    ops.reconnect(edge, { from: source, to: target, port: targetHandle ?? undefined });
  });
  const onReconnectEnd = useStable((event: MouseEvent | TouchEvent, wire: WireEdge, fixed: "source" | "target", state: FinalConnectionState) => {
    endWire();
    const edge = edgeFor(wire);
    if (!edge || state.isValid) return;
    const point = pointOf(event);
    const on = point && document.elementFromPoint(point.x, point.y)?.closest<HTMLElement>(".react-flow__node")?.dataset.id;
    if (on && on !== wire.source && on !== wire.target) ops.reconnect(edge, fixed === "source" ? { to: on } : { from: on });
    else if (!on && !state.toHandle) ops.disconnect(edge);
    else if (state.toHandle) refuse(refusalAt(state.toHandle.nodeId, state.toHandle.id ?? null) ?? "");
  });
  return { onReconnectStart, onReconnect, onReconnectEnd };
}

function edgeFor(wire: WireEdge): ModelEdge | undefined {
  const desk = deskNow();
  return desk ? ops.edgeLike(desk, { source: wire.source, target: wire.target, port: wire.targetHandle ?? null }) : undefined;
}

/** Components from the drawer, and nodes without wires, are put onto the wire that they are dropped on. */
function useDropHandlers(canEdit: boolean) {
  const onDragOver = useStable((event: DragEvent) => {
    if (!canEdit || !event.dataTransfer.types.includes(COMPONENT_TYPE)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    markTarget(wireAt(event.clientX, event.clientY));
  });
  const onDrop = useStable((event: DragEvent) => {
    const component = event.dataTransfer.getData(COMPONENT_TYPE);
    const desk = deskNow();
    const wire = wireAt(event.clientX, event.clientY);
    markTarget(null);
    if (!component || !desk) return;
    event.preventDefault();
    const { x, y } = desk.flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const onEdge = wire ? ops.edgeOfWire(desk, wire) : undefined;
    const at = [Math.round(x - 100), Math.round(y - 35)] as const;
    ops.addNode({ component, at, onEdge });
  });
  const onNodeDrag = useStable((event: MouseEvent | TouchEvent, node: Standing, all: Standing[]) => markTarget(wireUnder(event, node, all)));
  const onNodeDragStop = useStable(() => markTarget(null)); // where it was let go has been told already
  return { onDragOver, onDragLeave: useStable(() => markTarget(null)), onDrop, onNodeDrag, onNodeDragStop };
}

/** The wire that one dragged node without wires is over. */
function wireUnder(event: MouseEvent | TouchEvent, node: Standing, all: readonly Standing[]): string | null {
  const point = pointOf(event);
  return point && all.length === 1 && isLoose(node.id) ? wireAt(point.x, point.y) : null;
}

/** A node that nothing feeds and nothing reads. */
function isLoose(node: string): boolean {
  const desk = deskNow();
  return desk !== null && modelOf(desk).nodes.some((each) => each.id === node) && !modelOf(desk).edges.some((edge) => edge.from === node || edge.to === node);
}

function useMenus() {
  const onNodeContextMenu = useStable((event: ReactMouseEvent, node: Standing) => {
    event.preventDefault();
    const { nodes, parts } = useSelection.getState();
    const isTile = node.type === "tile";
    if (!(isTile ? nodes : parts).has(node.id)) choose(isTile ? { nodes: [node.id] } : { parts: [node.id] });
    open({ kind: "menu", point: { x: event.clientX, y: event.clientY }, target: isTile ? "node" : node.type === "note" ? "note" : "group" });
  });
  const onEdgeContextMenu = useStable((event: ReactMouseEvent, edge: WireEdge) => {
    event.preventDefault();
    choose({ edges: [edge.id] });
    open({ kind: "menu", point: { x: event.clientX, y: event.clientY }, target: "edge" });
  });
  const onPaneContextMenu = useStable((event: ReactMouseEvent | MouseEvent) => {
    event.preventDefault();
    open({ kind: "menu", point: { x: event.clientX, y: event.clientY }, target: "pane" });
  });
  const onSelectionContextMenu = useStable((event: ReactMouseEvent) => {
    event.preventDefault();
    open({ kind: "menu", point: { x: event.clientX, y: event.clientY }, target: "node" });
  });
  const onNodeDoubleClick = useStable((_: ReactMouseEvent, node: Standing) => {
    if (node.type === "folded") ops.collapse([node.id]);
    else if (node.type === "tile" && (ops.goInside(node.id) || isEnd(node.id))) return;
    else if (deskNow()?.canEdit && (node.type === "tile" || node.type === "frame")) open({ kind: "rename", node: node.id });
  });
  const onPaneClick = useStable(() => choose({}));
  return { onNodeContextMenu, onEdgeContextMenu, onPaneContextMenu, onSelectionContextMenu, onNodeDoubleClick, onPaneClick };
}

/** A double click on the free canvas asks what should come there. */
export function onCanvasDoubleClick(event: ReactMouseEvent): void {
  const desk = deskNow();
  if (!desk?.canEdit || !(event.target instanceof Element) || !event.target.classList.contains("react-flow__pane")) return;
  const { x, y } = desk.flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
  open({ kind: "add", point: { x: event.clientX, y: event.clientY }, at: [Math.round(x), Math.round(y - 35)] });
}

function pointOf(event: MouseEvent | TouchEvent): { x: number; y: number } | null {
  const at = "changedTouches" in event ? event.changedTouches[0] : event;
  return at ? { x: at.clientX, y: at.clientY } : null;
}

