/** The wires as React Flow draws them. */

import { useMemo } from "react";

import type { Layout } from "../../document/model";
import type { Wire } from "./graph";
import { lanesOf } from "./lane";
import type { WireEdge } from "./RateEdge";
import { useSelection } from "./selection";

export function useWires(wires: readonly Wire[], places: Layout): WireEdge[] {
  const { nodes, edges } = useSelection();
  const lanes = useMemo(() => lanesOf(wires, places), [wires, places]);
  const plain = useMemo(() => wires.map((wire, i): WireEdge => ({
    id: wire.id, type: "rate", source: wire.source, target: wire.target, targetHandle: wire.port, data: { relation: wire.relation, lane: lanes[i] ?? null },
    focusable: false,
  })), [wires, lanes]);
  return useMemo(() => plain.map((wire) => {
    const selected = edges.has(wire.id);
    const near = nodes.has(wire.source) || nodes.has(wire.target);
    return selected || near ? { ...wire, selected, className: near ? "near" : undefined } : wire; // the others stay the same objects
  }), [plain, nodes, edges]);
}
