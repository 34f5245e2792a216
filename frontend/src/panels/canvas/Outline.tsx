import { IconAlertTriangle, IconBox, IconChevronDown, IconChevronRight, IconCircleX, IconCornerDownRight, IconX } from "@tabler/icons-react";
import { ActionIcon } from "@mantine/core";
import { type KeyboardEvent, type ReactNode, use, useMemo, useRef, useState } from "react";

import { plural, said, t } from "../../i18n";
import { useEditor } from "../document/editor";
import { useFigures } from "../run/figures";
import classes from "./editing.module.css";
import { FamilyIcon } from "./families";
import { deskNow, modelOf } from "./desk";
import { LiveContext } from "./detail";
import type { TileData, Wire } from "./graph";
import { liveText } from "./NodeTile";
import { collapse, disconnect, edgeLike, labelOf } from "./operations";
import { open } from "./overlay";
import { choose, toggle, useSelection } from "./selection";
import { toggleShown } from "./shown";

interface OutlineProps {
  tiles: ReadonlyMap<string, TileData>;
  wires: readonly Wire[];
}

/** A line of the tree. */
interface Line {
  key: string;
  kind: "group" | "node" | "wire";
  /** The node, the group, or the node that the wire leads to. */
  id: string;
  wire?: Wire;
  level: number;
  open?: boolean;
  parent: string | null;
}

/**
 * The pipeline as a tree: groups, their nodes, and under each node the wires that it reads. All that can be done on the canvas can be
 * done here by the same keys, for those who cannot see it, or would rather not use a mouse.
 */
export function Outline({ tiles, wires }: OutlineProps) {
  const { nodes: chosen, primary } = useSelection();
  const model = useEditor((state) => state.model);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState<string | null>(null);
  const tree = useRef<HTMLUListElement>(null);
  const lines = useMemo(() => linesOf(model.nodes.map((node) => node.id), model.groups, wires, opened), [model, wires, opened]);
  const current = lines.find((line) => line.key === at) ?? lines.find((line) => line.kind === "node" && line.id === primary) ?? lines[0];
  const go = (line: Line | undefined, extend = false) => {
    if (!line) return;
    setAt(line.key);
    select(line, extend, wires);
    tree.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(line.key)}"]`)?.focus();
  };
  const unfold = (line: Line, wanted: boolean) => {
    if (line.kind === "group") collapse([line.id]);
    else setOpened(withOne(opened, line.key, wanted));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (current && handled(event, lines, current, go, unfold)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <nav className={classes.drawer} aria-label={t("Outline")}>
      <div className={classes.drawerHead}>
        <h2>{t("Outline")}<ActionIcon size="xs" aria-label={t("Close the outline")} onClick={() => toggleShown("outline", false)}><IconX size={13} /></ActionIcon></h2>
      </div>
      <div className={classes.drawerBody}>
        {lines.length ? (
          <ul className={classes.tree} role="tree" aria-label={t("Nodes of the pipeline")} aria-multiselectable ref={tree} onKeyDown={onKeyDown}>
            {lines.map((line) => (
              <Item key={line.key} line={line} isCurrent={line.key === current?.key} selected={isSelected(line, chosen)} tile={tiles.get(line.id)} onGo={(extend) => go(line, extend)}
                onFold={() => unfold(line, !line.open)} />
            ))}
          </ul>
        ) : <p className={classes.none}>{t("No nodes yet. Shift+A adds the first one.")}</p>}
      </div>
      <p className={classes.doc}>{t("Shift+A adds a node behind this one, C connects it, F2 renames, D disables, Delete removes. Right shows what it reads: Delete there disconnects.")}</p>
    </nav>
  );
}

interface ItemProps {
  line: Line;
  isCurrent: boolean;
  selected: boolean;
  tile: TileData | undefined;
  onGo: (extend: boolean) => void;
  onFold: () => void;
}

function Item({ line, isCurrent, selected, tile, onGo, onFold }: ItemProps) {
  const Chevron = line.open ? IconChevronDown : IconChevronRight;
  return (
    <li className={classes.treeitem} role="treeitem" aria-level={line.level} aria-selected={selected} aria-expanded={line.open} tabIndex={isCurrent ? 0 : -1} data-key={line.key}
      data-node={line.kind === "node" ? line.id : undefined} onFocus={(event) => { if (event.target === event.currentTarget && !isCurrent) onGo(false); }}
      onContextMenu={(event) => { event.preventDefault(); onGo(false); open({ kind: "menu", point: { x: event.clientX, y: event.clientY }, target: line.kind === "wire" ? "edge" : line.kind }); }}>
      <div className={`${classes.row} ${line.kind === "wire" ? classes.wireRow : ""}`} style={{ paddingLeft: 4 + (line.level - 1) * 14 }} data-off={tile?.disabled || undefined}
        onClick={(event) => onGo(event.ctrlKey || event.metaKey)}>
        {line.open === undefined ? <span style={{ width: 14, flex: "none" }} /> : (
          <span style={{ display: "inline-flex" }} onClick={(event) => { event.stopPropagation(); onFold(); }} aria-hidden><Chevron size={14} /></span>
        )}
        <Content line={line} tile={tile} />
      </div>
    </li>
  );
}

function Content({ line, tile }: { line: Line; tile: TileData | undefined }): ReactNode {
  const drawn = use(LiveContext);
  const live = useFigures((state) => (drawn && line.kind === "node" ? state.nodes[line.id] : undefined));
  if (line.kind === "group") return <><IconBox size={15} aria-hidden /><span className="p-truncate" data-name>{groupName(line.id)}</span></>;
  if (line.kind === "wire") {
    return <><IconCornerDownRight size={13} aria-hidden /><span className="p-truncate">{t("reads {node}", { node: labelOf(line.wire?.source ?? "") })}{line.wire?.port ? `, ${line.wire.port}` : ""}</span></>;
  }
  if (!tile) return <span>{line.id}</span>;
  return (
    <>
      <FamilyIcon family={tile.family} component={tile.component} />
      <span className="p-truncate" data-name>{tile.label}</span>
      <span className={classes.rowEnd}>
        <span className="p-hidden">, {said(tile.title)}{tile.label === tile.id ? "" : t(", id {id}", { id: tile.id })}{tile.disabled ? t(", disabled") : ""}</span>
        {live ? <span className="p-truncate">{liveText(live, tile.gives)}</span> : null}
        {tile.errors || tile.failure ? <IconCircleX size={14} className={classes.bad} aria-label={tile.failure || plural(tile.errors, "{count} error", "{count} errors")} /> : null}
        {!tile.errors && tile.warnings ? <IconAlertTriangle size={14} className={classes.warn} aria-label={plural(tile.warnings, "{count} warning", "{count} warnings")} /> : null}
      </span>
    </>
  );
}

function groupName(id: string): string {
  const desk = deskNow();
  return (desk && modelOf(desk).groups.find((group) => group.id === id)?.label) || id;
}

export function linesOf(nodes: readonly string[], groups: ReadonlyArray<{ id: string; nodes: readonly string[]; collapsed: boolean }>, wires: readonly Wire[],
                        opened: ReadonlySet<string>): Line[] {
  const inside = new Map(groups.flatMap((group) => group.nodes.map((node) => [node, group] as const)));
  const of = (node: string, level: number, parent: string | null): Line[] => {
    const reads = wires.filter((wire) => wire.target === node);
    const key = `node ${node}`;
    const line: Line = { key, kind: "node", id: node, level, parent, open: reads.length ? opened.has(key) : undefined };
    return line.open ? [line, ...reads.map((wire): Line => ({ key: `wire ${wire.id}`, kind: "wire", id: node, wire, level: level + 1, parent: key }))] : [line];
  };
  const told = new Set<string>();
  return nodes.flatMap((node) => {
    const group = inside.get(node);
    if (!group) return of(node, 1, null);
    if (told.has(group.id)) return [];
    told.add(group.id);
    const key = `group ${group.id}`;
    const head: Line = { key, kind: "group", id: group.id, level: 1, parent: null, open: !group.collapsed };
    return group.collapsed ? [head] : [head, ...group.nodes.filter((each) => nodes.includes(each)).flatMap((each) => of(each, 2, key))];
  });
}

/** The keys of a tree; whether it was one of them. */
function handled(event: KeyboardEvent, lines: readonly Line[], current: Line, go: (line: Line | undefined, extend?: boolean) => void, unfold: (line: Line, open: boolean) => void): boolean {
  const at = lines.indexOf(current);
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!plain) return false;
  const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 };
  const to = moves[event.key];
  if (to !== undefined) go(lines[Math.max(0, Math.min(lines.length - 1, to))], event.shiftKey);
  else if (event.key === "ArrowRight" && !event.shiftKey) {
    if (current.open === false) unfold(current, true);
    else if (current.open) go(lines[at + 1]);
  } else if (event.key === "ArrowLeft" && !event.shiftKey) {
    if (current.open) unfold(current, false);
    else if (current.parent) go(lines.find((line) => line.key === current.parent));
  } else if (event.key === "Enter") go(current);
  else if (event.key === " ") { if (current.kind === "node") toggle(current.id); }
  else if (current.kind === "wire" && (event.key === "Delete" || event.key === "Backspace")) cut(current, lines, go);
  else return false;
  return true;
}

function cut(line: Line, lines: readonly Line[], go: (line: Line | undefined) => void): void {
  const desk = deskNow();
  const edge = desk && line.wire ? edgeLike(desk, line.wire) : undefined;
  if (edge && disconnect(edge)) go(lines.find((each) => each.key === line.parent));
}

function select(line: Line, extend: boolean, wires: readonly Wire[]): void {
  if (line.kind === "group") choose({ parts: [line.id] });
  else if (line.kind === "wire") choose({ edges: wires.some((wire) => wire.id === line.wire?.id) ? [line.wire?.id ?? ""] : [] });
  else if (extend) choose({ nodes: [...useSelection.getState().nodes, line.id], primary: line.id });
  else choose({ nodes: [line.id] });
}

function isSelected(line: Line, chosen: ReadonlySet<string>): boolean {
  if (line.kind === "node") return chosen.has(line.id);
  const { edges, parts } = useSelection.getState();
  return line.kind === "wire" ? edges.has(line.wire?.id ?? "") : parts.has(line.id);
}

function withOne(set: ReadonlySet<string>, key: string, on: boolean): ReadonlySet<string> {
  const next = new Set(set);
  if (on) next.add(key);
  else next.delete(key);
  return next;
}
