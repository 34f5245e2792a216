/** What can be done on the canvas: one object each, read by toolbar, menus, keys, palette and help. */

import {
  IconAlignBoxCenterMiddle, IconAlignBoxLeftMiddle, IconAlignBoxTopCenter, IconArrowBackUp, IconArrowForwardUp, IconArrowsMaximize, IconBox, IconBoxMultiple,
  IconClipboard, IconCopy, IconCut, IconEyeOff, IconFocusCentered, IconLayoutDistributeHorizontal, IconLayoutDistributeVertical, IconLibraryPlus, IconLink,
  IconLayoutSidebarLeftExpand, IconList, IconLogin2, IconLogout2, IconMap2, IconNote, IconPencil, IconPlus, IconPlugConnected, IconSearch, IconSelectAll, IconSquaresDiagonal, IconSparkles, IconTrash, IconZoomIn, IconZoomOut,
} from "@tabler/icons-react";
import type { Action } from "../../actions";
import { msg } from "../../i18n";
import { deskNow, modelOf } from "./desk";
import { focusCanvas, leaveCanvas } from "./focus";
import * as ops from "./operations";
import { open } from "./overlay";
import { renameGroup } from "./parts";
import { choose, useSelection } from "./selection";
import { toggleShown } from "./shown";
import { FIT } from "./viewport";

export const CANVAS = "[data-canvas]";
const GROUP = msg("Canvas");

type Extra = Partial<Pick<Action, "keys" | "icon" | "words" | "listed" | "enabled" | "native">>;

const edits = (more: () => boolean = () => true) => () => Boolean(deskNow()?.canEdit) && more();
const some = () => ops.selectedNodes().length > 0;
const one = () => useSelection.getState().primary !== null && useSelection.getState().nodes.size === 1;
const several = (least: number) => () => ops.selectedNodes().length >= least;
const anything = () => some() || useSelection.getState().edges.size > 0 || useSelection.getState().parts.size > 0;
const anyGroup = () => ops.selectedGroups().length > 0;
const isOwn = () => one() && ops.isOwn(useSelection.getState().primary ?? "");
const isInside = () => Boolean(deskNow()?.inside);
const onTile = () => document.activeElement?.closest(".react-flow__node, [data-canvas-region], [role='tree']") != null;

function action(id: string, label: string, run: () => unknown, extra: Extra = {}): Action {
  return { id: `canvas.${id}`, label, group: GROUP, within: CANVAS, ...extra, run: () => void run() };
}

const selected = () => useSelection.getState().primary ?? undefined;

const ADDING: readonly Action[] = [
  action("add", msg("Add a node"), () => open({ kind: "add", point: null, after: selected() }), { keys: ["mod+.", "shift+a"], icon: IconPlus, enabled: edits(), words: "new component insert" }),
  action("add-here", msg("Add a node behind the focused one"), () => open({ kind: "add", point: null, after: selected() }), { keys: ["tab"], listed: false, enabled: edits(onTile) }),
  action("connect", msg("Connect to…"), () => open({ kind: "connect", node: selected() ?? "" }), { keys: ["c"], icon: IconPlugConnected, enabled: edits(one), words: "wire edge link" }),
  action("cycle-port", msg("Move the wire to the next input"), ops.cyclePort, { keys: ["p"], icon: IconLink, enabled: edits(() => useSelection.getState().edges.size === 1) }),
  action("note", msg("Add a note"), () => ops.addNote(), { keys: ["shift+n"], icon: IconNote, enabled: edits(), words: "comment sticky text" }),
];

const ON_WIRE: readonly Action[] = [
  action("add-on-wire", msg("Put a node on the wire"), addOnWire, { icon: IconPlus, listed: false, enabled: edits(() => useSelection.getState().edges.size === 1) }),
  action("rename-group", msg("Rename the group"), renameGroup, { icon: IconPencil, listed: false, enabled: edits(() => useSelection.getState().parts.size === 1) }),
];

function addOnWire(): void {
  const desk = deskNow();
  const onEdge = desk && ops.edgeOfWire(desk, [...useSelection.getState().edges][0] ?? "");
  if (onEdge) open({ kind: "add", point: null, onEdge });
}

/** Once more, where nothing is selected, leads out of a component. */
function selectNothing(): void {
  const { nodes, edges, parts } = useSelection.getState();
  if (nodes.size + edges.size + parts.size === 0) return void ops.goOut();
  choose({});
  focusCanvas();
}

const CHANGING: readonly Action[] = [
  action("rename", msg("Rename"), () => open({ kind: "rename", node: selected() ?? "" }), { keys: ["f2"], icon: IconPencil, enabled: edits(one), words: "label name" }),
  action("disable", msg("Disable or enable"), ops.toggleDisabled, { keys: ["d"], icon: IconEyeOff, enabled: edits(some), words: "bypass mute off" }),
  action("duplicate", msg("Duplicate"), ops.duplicate, { keys: ["mod+d"], icon: IconSquaresDiagonal, enabled: edits(some) }),
  action("delete", msg("Remove"), ops.removeSelected, { keys: ["delete", "backspace"], icon: IconTrash, enabled: edits(anything), words: "delete" }),
];

const CLIPBOARD: readonly Action[] = [
  action("copy", msg("Copy"), () => toClipboard(ops.copied()), { keys: ["mod+c"], native: true, icon: IconCopy, enabled: some }),
  action("cut", msg("Cut"), () => { if (toClipboard(ops.copied())) ops.removeSelected(); }, { keys: ["mod+x"], native: true, icon: IconCut, enabled: edits(some) }),
  action("paste", msg("Paste"), () => fromClipboard(false), { keys: ["mod+v"], native: true, icon: IconClipboard, enabled: edits() }),
  action("paste-wired", msg("Paste with its incoming wires"), () => fromClipboard(true), { keys: ["mod+shift+v"], native: true, icon: IconClipboard, enabled: edits() }),
];

const SELECTING: readonly Action[] = [
  action("leave", msg("Leave the canvas"), leaveCanvas, { keys: ["f6"], words: "focus next panel" }),
  action("select-all", msg("Select all nodes"), ops.selectAll, { keys: ["mod+a"], icon: IconSelectAll }),
  action("select-none", msg("Select nothing"), selectNothing, { keys: ["esc"], listed: false, enabled: () => anything() || isInside() }),
  action("upstream", msg("Select all that feeds it"), () => ops.selectAlong("up"), { keys: ["shift+left"], enabled: () => selected() !== undefined, words: "upstream" }),
  action("downstream", msg("Select all that it feeds"), () => ops.selectAlong("down"), { keys: ["shift+right"], enabled: () => selected() !== undefined, words: "downstream" }),
];

const STEP = 24;
const ARROWS = [["left", -STEP, 0, msg("Go to what feeds it")], ["right", STEP, 0, msg("Go to what it feeds")], ["up", 0, -STEP, msg("Go to the node above")],
  ["down", 0, STEP, msg("Go to the node below")]] as const;
const NUDGES = { left: msg("Move it left"), right: msg("Move it right"), up: msg("Move it up"), down: msg("Move it down") };
const WALKING: readonly Action[] = ARROWS.flatMap(([key, x, y, label]) => [
  action(`go-${key}`, label, () => ops.walk(key), { keys: [key], listed: false }),
  action(`nudge-${key}`, NUDGES[key], () => ops.nudge([x, y]), { keys: [`mod+${key}`], listed: false, enabled: edits(anything) }),
]);

const GROUPING: readonly Action[] = [
  action("group", msg("Group"), () => ops.group(), { keys: ["mod+g"], icon: IconBox, enabled: edits(some) }),
  action("ungroup", msg("Ungroup"), ops.ungroup, { keys: ["mod+shift+g"], icon: IconBoxMultiple, enabled: edits(anyGroup) }),
  action("collapse", msg("Collapse or expand the group"), () => ops.collapse(), { keys: ["mod+e"], icon: IconBoxMultiple, enabled: edits(anyGroup) }),
  action("regroup", msg("Move into a group…"), () => open({ kind: "regroup", nodes: ops.selectedNodes() }), {
    icon: IconBox, enabled: edits(() => some() && Boolean(deskNow() && modelOf(deskNow() as never).groups.length)) }),
  action("component", msg("Save the selection as a component…"), () => open({ kind: "component", nodes: ops.selectedNodes() }), { icon: IconLibraryPlus, enabled: edits(some), words: "sub-pipeline reuse" }),
  action("expand", msg("Open the component into its nodes"), ops.expandComponent, { icon: IconArrowsMaximize, enabled: edits(isOwn), words: "sub-pipeline inside" }),
  action("inside", msg("Go into the component"), () => ops.goInside(), { keys: ["i"], icon: IconLogin2, enabled: isOwn, words: "sub-pipeline open inside" }),
  action("outside", msg("Go out of the component"), () => ops.goOut(), { keys: ["u"], icon: IconLogout2, enabled: isInside, words: "sub-pipeline up back" }),
];

const PLACING: readonly Action[] = [
  action("tidy", msg("Tidy up"), ops.tidy, { keys: ["shift+t"], icon: IconSparkles, enabled: edits(), words: "layout arrange" }),
  action("align-left", msg("Align left"), () => ops.align("left"), { icon: IconAlignBoxLeftMiddle, enabled: edits(several(2)) }),
  action("align-center", msg("Align centres in a column"), () => ops.align("center"), { icon: IconAlignBoxCenterMiddle, enabled: edits(several(2)) }),
  action("align-right", msg("Align right"), () => ops.align("right"), { icon: IconAlignBoxLeftMiddle, enabled: edits(several(2)) }),
  action("align-top", msg("Align top"), () => ops.align("top"), { icon: IconAlignBoxTopCenter, enabled: edits(several(2)) }),
  action("align-middle", msg("Align middles in a row"), () => ops.align("middle"), { icon: IconAlignBoxCenterMiddle, enabled: edits(several(2)) }),
  action("align-bottom", msg("Align bottom"), () => ops.align("bottom"), { icon: IconAlignBoxTopCenter, enabled: edits(several(2)) }),
  action("distribute-x", msg("Distribute across"), () => ops.distribute("x"), { icon: IconLayoutDistributeHorizontal, enabled: edits(several(3)) }),
  action("distribute-y", msg("Distribute down"), () => ops.distribute("y"), { icon: IconLayoutDistributeVertical, enabled: edits(several(3)) }),
];

const VIEW: readonly Action[] = [
  action("find", msg("Find on the canvas"), () => open({ kind: "find" }), { keys: ["mod+f"], icon: IconSearch, words: "search column node" }),
  action("components", msg("Show or hide the components"), () => toggleShown("components"), { keys: ["v c"], icon: IconLayoutSidebarLeftExpand, enabled: edits(), words: "palette" }),
  action("outline", msg("Show or hide the outline"), () => toggleShown("outline"), { keys: ["v t"], icon: IconList, words: "tree list" }),
  action("map", msg("Show or hide the map"), () => toggleShown("map"), { keys: ["v i"], icon: IconMap2, words: "minimap" }),
  action("fit", msg("Fit to view"), () => deskNow()?.flow.fitView(FIT), { keys: ["0"], icon: IconFocusCentered }),
  action("full-size", msg("Full size"), () => deskNow()?.flow.zoomTo(1), { keys: ["1"], icon: IconFocusCentered, words: "zoom 100" }),
  action("zoom-in", msg("Zoom in"), () => deskNow()?.flow.zoomIn(), { keys: ["+", "="], icon: IconZoomIn }),
  action("zoom-out", msg("Zoom out"), () => deskNow()?.flow.zoomOut(), { keys: ["-"], icon: IconZoomOut }),
];

export const CANVAS_ACTIONS: readonly Action[] = [...ADDING, ...ON_WIRE, ...CHANGING, ...CLIPBOARD, ...SELECTING, ...WALKING, ...GROUPING, ...PLACING, ...VIEW];

export const HISTORY_ICONS = { undo: IconArrowBackUp, redo: IconArrowForwardUp };

function toClipboard(text: string): boolean {
  if (text) void navigator.clipboard?.writeText(text).catch(() => undefined); // what is held by ourselves is there all the same
  return text !== "";
}

async function fromClipboard(keepWires: boolean): Promise<void> {
  const text = await navigator.clipboard?.readText().catch(() => "");
  ops.paste(text || ops.heldText(), keepWires);
}
