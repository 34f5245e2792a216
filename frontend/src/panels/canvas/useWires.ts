/** The wires as React Flow draws them. */

import { useMemo, useState } from "react";

import type { Layout } from "../../document/model";
import { type Wire, edgesOf } from "./graph";
import { lanesOf } from "./lane";
import type { WireEdge } from "./RateEdge";
import { useSelection } from "./selection";

export function useWires(wires: readonly Wire[], places: Layout): WireEdge[] {
  const { nodes, edges } = useSelection();
  const lanes = useMemo(() => lanesOf(wires, places), [wires, places]);
  const [kept] = useState<{ plain: WireEdge[] }>(() => ({ plain: [] }));
  const plain = useMemo(() => keep(kept, edgesOf(wires, lanes, kept.plain)), [wires, lanes, kept]);
  return useMemo(() => plain.map((wire) => {
    const selected = edges.has(wire.id);
    const near = nodes.has(wire.source) || nodes.has(wire.target);
    return selected || near ? { ...wire, selected, className: near ? "near" : undefined } : wire; // the others stay the same objects
  }), [plain, nodes, edges]);
}

function keep(kept: { plain: WireEdge[] }, plain: WireEdge[]): WireEdge[] {
  kept.plain = plain;
  return plain;
}
