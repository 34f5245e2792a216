/** The preview of the open pipeline: what the platform found last, and what it is asked now. */

import { create } from "zustand";

import type { PreviewAnswer, PreviewNode } from "../../api/preview";

/** Where a source's sample begins: at its first or newest rows, or where a run stood. */
export type Begin = "first" | "newest" | number;

interface PreviewState {
  /** What is shown, and the text that it is of. */
  shown: PreviewAnswer | null;
  text: string | null;
  /** The same node's rows before the last edit that changed the text. */
  before: PreviewAnswer | null;
  /** Rows that each node gave before that edit; null where the samples changed since. */
  flowed: Readonly<Record<string, number>> | null;
  /** Whether a newer answer is on its way. */
  busy: boolean;
  error: unknown;
  /** Sources that are to be read once more; each time that they are asked for is another round. */
  anew: readonly string[];
  round: number;
  /** Sources of which somebody has said where their sample begins. */
  begins: Readonly<Record<string, Begin>>;
}

const NOTHING: PreviewState = { shown: null, text: null, before: null, flowed: null, busy: false, error: null, anew: [], round: 0, begins: {} };

export const usePreview = create<PreviewState>(() => NOTHING);

/** What a node did in the preview; null where there is none, or where it stopped before it came to the node. */
export const usePreviewCounts = (node: string): PreviewNode | null => usePreview((state) => countsOf(state, node));

function countsOf({ shown }: PreviewState, node: string): PreviewNode | null {
  const counts = shown?.nodes[node];
  return !counts || (shown?.error && !counts.rows_out && !counts.rows_in) ? null : counts;
}

/** How many rows went along the wires of a node; null where that is not known. */
export const useFlow = (node: string): number | null => usePreview((state) => countsOf(state, node)?.rows_out ?? null);

/** How many more they are than before the last edit; 0 where there is nothing to compare with. */
export const useFlowChange = (node: string): number => usePreview((state) => (state.shown?.nodes[node]?.rows_out ?? 0) - (state.flowed?.[node] ?? state.shown?.nodes[node]?.rows_out ?? 0));

/** A newer answer is on its way. */
export function asking(): void {
  usePreview.setState({ busy: true });
}

export function answered(text: string, answer: PreviewAnswer): void {
  usePreview.setState((state) => {
    const same = state.shown?.node === answer.node;
    const before = !same ? null : state.text === text ? state.before : state.shown;
    const flowed = state.anew.length || state.shown === null ? null : state.text === text ? state.flowed : flowOf(state.shown);
    return { shown: answer, text, before, flowed, busy: false, error: null, anew: [] };
  });
}

const flowOf = (answer: PreviewAnswer): Record<string, number> => Object.fromEntries(Object.entries(answer.nodes).map(([name, counts]) => [name, counts.rows_out]));

export function failed(error: unknown): void {
  usePreview.setState({ busy: false, error });
}

/** Read these sources again. */
export function readAgain(sources: readonly string[]): void {
  usePreview.setState((state) => ({ anew: sources, round: state.round + 1 }));
}

export function sampleFrom(source: string, begin: Begin): void {
  usePreview.setState(({ begins, round }) => ({ begins: { ...begins, [source]: begin }, flowed: null, anew: [], round: round + 1 }));
}

/** Nobody looks at it any more. */
export function forget(): void {
  usePreview.setState({ ...NOTHING, round: usePreview.getState().round });
}
