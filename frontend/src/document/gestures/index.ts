/**
 * What a person does on the canvas, as commands. All pure: computed from the model, the catalogue (`Ports`) and places; where
 * something cannot be done a `CommandError` says why, for people.
 */
export { type Alignment, align, distribute, nudge } from "./align";
export type { ColumnInfo } from "./binding";
export { type PasteOptions, type Pasted, copyNodes, pasteNodes } from "./clipboard";
export { type Hit, type Schemas, find } from "./find";
export { addNote, editNote, group, labelGroup, leaveGroup, removeNote, setCollapsed, ungroup } from "./groups";
export {
  type Copies, type Made, type Wanted, addNode, cyclePort, duplicate, freshId, judgeSplice, remove, removeHealing, splice, toggleDisabled,
} from "./nodes";
export { type ComponentView, type PortSpec, type Ports, type PropertyKind, type Relation, nodeView, portsOf, viewOf } from "./ports";
export { type Compiled, type Lineage, renameColumn } from "./rename";
export { type SaveAs, expandComponent, saveAsComponent } from "./subpipelines";
export { type Successor, predecessors, successors } from "./successors";
export { tidy } from "./tidy";
export { type Direction, before, behind, downstream, neighbours, reaches, upstream } from "./walk";
export { type Judgement, connectWire, judge, portOfEdge, reconnect, takers } from "./wires";
