/** A wire that is being drawn: where it may end, and why not elsewhere. Judged once, when it begins. */

import { create } from "zustand";

import * as gestures from "../../document/gestures";
import { type ModelEdge } from "../../document/model";
import { type Desk, modelOf } from "./desk";

/** A port's mark while a wire is drawn: it may end there, or why not. */
export interface PortMark {
  port: string;
  why: string | null;
}

export interface NodeMark {
  /** Whether any port of it takes the wire. */
  legal: boolean;
  ports: readonly PortMark[];
}

interface Wiring {
  /** Of all nodes; null while no wire is drawn. */
  marks: ReadonlyMap<string, NodeMark> | null;
  from: { node: string; backwards: boolean } | null;
  /** The node under the pointer. */
  over: string | null;
}

const NONE: Wiring = { marks: null, from: null, over: null };

export const useWiring = create<Wiring>(() => NONE);

/** How a tile looks while a wire is drawn. */
export function useNodeMark(node: string): NodeMark | null | undefined {
  return useWiring((state) => state.marks?.get(node));
}

/** A wire begins at a node's output; `backwards` at an input. `instead` of the wire whose end is taken away. */
export function beginWire(desk: Desk, node: string, backwards: boolean, port: string | null, instead?: ModelEdge): void {
  const whole = modelOf(desk);
  const model = instead ? { ...whole, edges: whole.edges.filter((edge) => edge !== instead) } : whole;
  const marks = new Map(model.nodes.map(({ id }): [string, NodeMark] => {
    if (backwards) {
      const { why = null } = gestures.judge(model, desk.ports, id, node, port ?? undefined);
      return [id, { legal: why === null, ports: [{ port: "", why }] }];
    }
    const inputs = gestures.nodeView(model, desk.ports, id)?.inputs ?? [];
    const ports = inputs.map(({ name }): PortMark => ({ port: name, why: gestures.judge(model, desk.ports, node, id, name).why ?? null }));
    return [id, { legal: ports.some((each) => each.why === null), ports }];
  }));
  useWiring.setState({ marks, from: { node, backwards }, over: null });
}

export function endWire(): void {
  useWiring.setState(NONE);
}

/** The node that is pointed at. */
export const useOver = create<{ node: string | null }>(() => ({ node: null }));

export function hover(node: string | null): void {
  useOver.setState({ node });
  if (useWiring.getState().marks) useWiring.setState({ over: node });
}

/** Why a wire cannot end at a node, or at this port of it; null where it can. */
export function refusalAt(node: string, port: string | null): string | null {
  const { marks, from } = useWiring.getState();
  if (!marks || !from || from.node === node) return null;
  const mark = marks.get(node);
  if (!mark) return null;
  const own = mark.ports.find((each) => each.port === (port ?? ""));
  if (own) return own.why;
  return mark.legal ? null : (mark.ports[0]?.why ?? null);
}
