/** Nodes that were changed since the revision that runs: their figures are those of what they were. */

import { useEffect, useMemo } from "react";
import { create } from "zustand";

import { useRunCompiled } from "../../api/runs";
import type { GraphNode, RunSummary } from "../../api/types";
import type { ModelNode } from "../../document/model";
import { useEditor } from "../document/editor";

const NONE: ReadonlySet<string> = new Set();
const useStaleNodes = create<{ nodes: ReadonlySet<string> }>(() => ({ nodes: NONE }));

/** Those of the document's nodes that say something else than the graph that runs; new ones among them. */
export function changedSince(nodes: readonly ModelNode[], ran: readonly Pick<GraphNode, "id" | "component" | "properties">[]): ReadonlySet<string> {
  const then = new Map(ran.map((node) => [node.id, node]));
  return new Set(nodes.filter((node) => !isSame(node, then.get(node.id))).map((node) => node.id));
}

function isSame(node: ModelNode, then: Pick<GraphNode, "component" | "properties"> | undefined): boolean {
  return then?.component === node.component && JSON.stringify(node.properties) === JSON.stringify(then.properties ?? {});
}

/** Keeps the changed nodes known while a run is shown whose revision is another than what the document says. */
export function useStaleness(run: RunSummary | null): void {
  const text = useEditor((state) => state.history.pipeline.text);
  const saved = useEditor((state) => state.saved);
  const revision = useEditor((state) => state.revision);
  const nodes = useEditor((state) => state.model.nodes);
  const differs = run !== null && (run.revision !== revision || text !== saved);
  const { data } = useRunCompiled(differs ? run.id : null);
  const stale = useMemo(() => (differs && data?.graph ? changedSince(nodes, data.graph.nodes) : NONE), [differs, data, nodes]);
  useEffect(() => useStaleNodes.setState({ nodes: stale }), [stale]);
  useEffect(() => () => useStaleNodes.setState({ nodes: NONE }), []);
}

/** Whether a node was changed since what runs. */
export function useStale(node: string): boolean {
  return useStaleNodes((state) => state.nodes.has(node));
}
