/** Groups and notes on the canvas: frames around nodes, groups folded into one tile, texts. */

import { IconChevronDown, IconChevronRight, IconCircleX } from "@tabler/icons-react";
import { Handle, type Node, type NodeProps, NodeResizeControl, Position, ResizeControlVariant } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";

import * as gestures from "../../document/gestures";
import { SHAPE } from "../../document/layout";
import type { Layout, Model, Place } from "../../document/model";
import { listed, plural, t } from "../../i18n";
import { act, deskNow } from "./desk";
import classes from "./editing.module.css";
import type { TileData, Wire } from "./graph";
import { collapse, groupLabel, settle } from "./operations";
import { open, useWriting } from "./overlay";
import { choose, useSelection } from "./selection";

export interface GroupData extends Record<string, unknown> {
  id: string;
  label: string;
  nodes: readonly string[];
  errors: number;
  /** The first of its nodes that has one. */
  troubled: string | null;
}

export interface NoteData extends Record<string, unknown> {
  id: string;
  text: string;
}

export type FrameNode = Node<GroupData, "frame">;
export type FoldedNode = Node<GroupData, "folded">;
export type NoteNode = Node<NoteData, "note">;

const AROUND = 14;
const HEAD = 28;
export const NOTE = { width: 200, height: 80 };

const PORT = 9;
const SIZE = { width: SHAPE.width, height: SHAPE.height };
const portAt = (type: "source" | "target", x: number) => ({ id: null, type, position: type === "source" ? Position.Right : Position.Left, x: x - PORT / 2,
  y: (SHAPE.height - PORT) / 2, width: PORT, height: PORT });
/** Nothing of a folded group needs to be measured. */
const FOLDED = { ...SIZE, measured: SIZE, handles: [portAt("target", 0), portAt("source", SHAPE.width)] };

/** The nodes that are inside of folded groups, and in which. */
export function foldedOf(model: Model): ReadonlyMap<string, string> {
  return new Map(model.groups.filter((group) => group.collapsed).flatMap((group) => group.nodes.map((node) => [node, group.id] as const)));
}

export function groupsOf(model: Model, tiles: ReadonlyMap<string, TileData>): GroupData[] {
  return model.groups.map(({ id, label, nodes }) => {
    const own = nodes.filter((node) => tiles.has(node));
    const troubled = own.find((node) => (tiles.get(node)?.errors ?? 0) > 0 || tiles.get(node)?.failure) ?? null;
    return { id, label: label || id, nodes: own, errors: own.reduce((sum, node) => sum + (tiles.get(node)?.errors ?? 0), 0), troubled };
  });
}

/** The frame around nodes, or the tile that stands for them. */
export function groupNode(data: GroupData, collapsed: boolean, at: ReadonlyMap<string, { x: number; y: number }>, selected: boolean): FrameNode | FoldedNode | null {
  const places = data.nodes.flatMap((node) => at.get(node) ?? []);
  if (!places.length) return null;
  const [left, top] = [Math.min(...places.map(({ x }) => x)), Math.min(...places.map(({ y }) => y))];
  const shared = { id: data.id, data, selected, connectable: false, ariaLabel: t("Group {group}, {count} nodes", { group: data.label, count: data.nodes.length }), domAttributes: { tabIndex: -1 } };
  if (collapsed) return { ...shared, ...FOLDED, type: "folded", position: { x: left, y: top } };
  const [right, bottom] = [Math.max(...places.map(({ x }) => x)) + SHAPE.width, Math.max(...places.map(({ y }) => y)) + SHAPE.height];
  const size = { width: right - left + 2 * AROUND, height: bottom - top + HEAD + AROUND };
  return { ...shared, ...size, measured: size, type: "frame", position: { x: left - AROUND, y: top - HEAD }, zIndex: 0, style: { pointerEvents: "none" } };
}

export function noteNode({ id, text }: NoteData, places: Layout, selected: boolean): NoteNode {
  const [x, y, width = NOTE.width, height = NOTE.height] = places[id] ?? [0, 0];
  return { id, type: "note", position: { x, y }, width, height, data: { id, text }, selected, connectable: false, ariaLabel: t("Note: {text}", { text }),
    domAttributes: { tabIndex: -1 } };
}

/** Wires of folded nodes lead to the tile that stands for them; those within it are not drawn. */
export function throughFolds(wires: readonly Wire[], folded: ReadonlyMap<string, string>): readonly Wire[] {
  if (!folded.size) return wires;
  const found = new Map<string, Wire>();
  for (const wire of wires) {
    const [source, target] = [folded.get(wire.source) ?? wire.source, folded.get(wire.target) ?? wire.target];
    if (source === wire.source && target === wire.target) found.set(wire.id, wire);
    else if (source !== target) {
      const port = target === wire.target ? wire.port : null;
      const id = `${source}>${target}.${port ?? ""}`;
      found.set(id, { ...wire, id, source, target, port });
    }
  }
  return [...found.values()];
}

/** What stands in the way of wires: tiles, and of folded groups the tile that stands for them. */
export function placesThroughFolds(places: Layout, folded: ReadonlyMap<string, string>): Layout {
  if (!folded.size) return places;
  const found: Record<string, Place> = {};
  for (const [id, place] of Object.entries(places)) {
    const group = folded.get(id);
    const was = group === undefined ? undefined : found[group];
    found[group ?? id] = was ? [Math.min(was[0], place[0]), Math.min(was[1], place[1])] : place;
  }
  return found;
}

export const Frame = memo(function Frame({ data, selected }: NodeProps<FrameNode>) {
  return (
    <div className={classes.frame} data-selected={selected || undefined}>
      <div className={classes.frameHead}>
        <Fold data={data} icon={IconChevronDown} />
        <span title={data.label}>{data.label}</span>
        <Trouble data={data} />
      </div>
    </div>
  );
});

export const Folded = memo(function Folded({ data, selected }: NodeProps<FoldedNode>) {
  return (
    <div className={classes.folded} data-selected={selected || undefined}>
      <Handle type="target" position={Position.Left} isConnectable={false} className={classes.foldedPort} />
      <div className={classes.foldedHead}>
        <Fold data={data} icon={IconChevronRight} />
        <span title={data.label}>{data.label}</span>
        <Trouble data={data} />
      </div>
      <small>{plural(data.nodes.length, "{count} node", "{count} nodes")} · {listed(data.nodes)}</small>
      <Handle type="source" position={Position.Right} isConnectable={false} className={classes.foldedPort} />
    </div>
  );
});

function Fold({ data, icon: Icon }: { data: GroupData; icon: typeof IconChevronDown }) {
  const label = Icon === IconChevronDown ? t("Collapse the group {group}", { group: data.label }) : t("Expand the group {group}", { group: data.label });
  return (
    <button type="button" className={`${classes.fold} nodrag`} tabIndex={-1} aria-label={label} title={label} onClick={(event) => { event.stopPropagation(); collapse([data.id]); }}>
      <Icon size={14} aria-hidden />
    </button>
  );
}

/** The errors of its nodes; a click leads inside, to the first of them. */
function Trouble({ data }: { data: GroupData }) {
  if (!data.troubled) return null;
  const lead = () => {
    const desk = deskNow();
    const group = desk?.editor.getState().model.groups.find((each) => each.id === data.id);
    if (group?.collapsed) collapse([data.id]);
    settle([data.troubled ?? ""]);
  };
  return (
    <button type="button" className={`${classes.trouble} nodrag`} tabIndex={-1} title={t("Go to the first error inside")} onClick={(event) => { event.stopPropagation(); lead(); }}>
      <IconCircleX size={14} aria-hidden />
      {plural(data.errors, "{count} error", "{count} errors")}
    </button>
  );
}

export const NoteCard = memo(function NoteCard({ data, selected }: NodeProps<NoteNode>) {
  const editing = useWriting((state) => state.note === data.id);
  const setEditing = (on: boolean) => useWriting.setState({ note: on ? data.id : null });
  const canEdit = deskNow()?.canEdit ?? false;
  const resized = (_: unknown, { x, y, width, height }: { x: number; y: number; width: number; height: number }) => {
    act(t("Resize the note"), () => ({ kind: "move_nodes", positions: { [data.id]: [Math.round(x), Math.round(y), Math.round(width), Math.round(height)] } }));
  };
  return (
    <div className={classes.note} data-selected={selected || undefined} onDoubleClick={() => setEditing(canEdit)}>
      {editing ? <NoteText data={data} onDone={() => setEditing(false)} /> : <p data-empty={data.text ? undefined : true}>{data.text || t("Empty note")}</p>}
      {selected && canEdit ? (
        <NodeResizeControl className={classes.resize} variant={ResizeControlVariant.Handle} position="bottom-right" minWidth={80} minHeight={40} onResizeEnd={resized}>
          <svg width="9" height="9" aria-hidden><path d="M9 0V9H0" fill="none" stroke="currentColor" strokeWidth="1.5" /></svg>
        </NodeResizeControl>
      ) : null}
    </div>
  );
});

function NoteText({ data, onDone }: { data: NoteData; onDone: () => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const frame = requestAnimationFrame(() => field.current?.focus({ preventScroll: true })); // whoever made it has given the focus elsewhere just now
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <textarea ref={field} className="nodrag nowheel nopan" defaultValue={data.text} aria-label={t("Text of the note")} placeholder={t("Write what others should know")}
      onChange={(event) => { const text = event.currentTarget.value; act(t("Write a note"), (_, model) => gestures.editNote(model, data.id, text), `note ${data.id}`); }}
      onBlur={onDone} onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); event.currentTarget.blur(); } }} />
  );
}

export function renameGroup(): void {
  const [id] = useSelection.getState().parts;
  if (id) open({ kind: "rename", node: id });
}

export function labelGroup(id: string, label: string): boolean {
  const done = act(t("Rename the group {group}", { group: groupLabel(id) }), (_, model) => gestures.labelGroup(model, id, label.trim()));
  if (done) choose({ parts: [id] });
  return done;
}
