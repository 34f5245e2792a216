/**
 * The canvas as actions see it: the open document, the catalogue, what is drawn and where. There is one at a time; what an action
 * does to the document goes through `act`, so that whatever cannot be done says why instead of happening.
 */

import { create } from "zustand";

import { CommandError } from "../../document/errors";
import type { Command } from "../../document/commands";
import { type Ports, portsOf } from "../../document/gestures";
import { arrange } from "../../document/layout";
import type { Layout, Model } from "../../document/model";
import type { Editor } from "../document/editor";
import type { Inside } from "../document/inside";
import { announce, refuse } from "./announce";
import { type Catalogue, offered } from "./catalogue";
import type { Wire } from "./graph";
import type { Flow } from "./viewport";

export interface Desk {
  editor: Editor;
  canEdit: boolean;
  catalogue: Catalogue;
  ports: Ports;
  wires: readonly Wire[];
  /** Where nodes stand, those included that nobody placed. */
  places: Layout;
  flow: Flow;
  /** The component that all this is inside of. */
  inside: Inside | null;
  /** Goes into what is at the end of this way of nodes, the document itself where it is empty; there to a node. */
  enter: (path: readonly string[], node: string | null) => void;
}

export const useDesk = create<{ desk: Desk | null }>(() => ({ desk: null }));

export function deskNow(): Desk | null {
  return useDesk.getState().desk;
}

export const modelOf = (desk: Desk): Model => desk.editor.getState().model;

let seen: { catalogue: Catalogue; ports: Ports } | null = null;

export function portsFor(catalogue: Catalogue): Ports {
  if (seen?.catalogue !== catalogue) seen = { catalogue, ports: portsFrom(catalogue) };
  return seen.ports;
}

/** Ends of a component are known, and none can be added. */
function portsFrom(catalogue: Catalogue): Ports {
  return { ...portsOf(catalogue), names: offered(catalogue).map((verb) => verb.name) };
}

/** Changes the document by what is made of it now; says what was done, or why it cannot be. Whether it was done. */
export function act(label: string, make: (desk: Desk, model: Model) => Command | null, group?: string): boolean {
  const desk = deskNow();
  if (!desk?.canEdit) return false;
  try {
    const { broken, model } = desk.editor.getState();
    const command = make(desk, model);
    if (!command) return false;
    desk.editor.getState().change(broken ? command : pinned(desk, command), label, group);
    announce(label);
    return true;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    refuse(error.message);
    return false;
  }
}

/** Whatever is placed by a command, the nodes that were placed by themselves stay where they are. */
function pinned(desk: Desk, command: Command): Command {
  if (!places(command)) return command;
  const { layout } = desk.editor.getState().history.pipeline;
  const loose = Object.fromEntries(Object.entries(desk.places).filter(([node]) => !(node in layout)));
  return Object.keys(loose).length ? { kind: "all", commands: [{ kind: "move_nodes", positions: loose }, command] } : command;
}

function places(command: Command): boolean {
  if (command.kind === "all") return command.commands.some(places);
  return command.kind === "move_nodes" ? Object.values(command.positions).some((place) => place !== null) : command.kind === "add_node";
}

/** Where a new node goes that is wired like this: beside what feeds it, where nothing stands. */
export function spotFor(desk: Desk, links: ReadonlyArray<{ from: string; to: string }>, id: string): readonly [number, number] {
  const model = modelOf(desk);
  const all = [...model.edges.map(({ from, to }) => ({ from, to })), ...links];
  const [x, y] = arrange([...model.nodes.map((node) => node.id), id], all, desk.places)[id] ?? [0, 0];
  return [x, y];
}

/** The middle of what is in view. */
export function middleOf(desk: Desk): readonly [number, number] {
  const box = document.querySelector(".react-flow")?.getBoundingClientRect();
  if (!box) return [0, 0];
  const { x, y } = desk.flow.screenToFlowPosition({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
  return [x, y];
}
