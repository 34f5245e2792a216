/** Why a run gives no output: asked while some sink has got nothing, shown on the nodes where the rows end. */

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";

import { answered, api } from "../../api/client";
import type { components } from "../../api/generated/schema";
import type { RunSummary, Snapshot } from "../../api/types";
import { usePreview } from "../preview/store";
import { useFigures } from "../run/figures";

export type Why = components["schemas"]["Why"];
export type WhyCause = components["schemas"]["WhyCause"];

/** Seconds that a run has to work before no output is worth a word. */
export const PATIENCE = 12;
const AGAIN_MS = 5_000;

interface Told {
  causes: readonly WhyCause[];
}

const NONE: Told = { causes: [] };
const useTold = create<Told>(() => NONE);

/** The sinks of a job that have written nothing, once it has had the time. */
export function silentSinks(snapshot: Snapshot | null): string[] {
  if (!snapshot?.sinks || (snapshot.at ?? 0) - (snapshot.started ?? 0) < PATIENCE) return [];
  return snapshot.sinks.filter((sink) => !sink.rows).flatMap((sink) => sink.nodes ?? []);
}

/** What is known of a run's output. `wanted`: ask, and again now and then. */
export function useWhy(run: number | null, wanted: boolean) {
  return useQuery({
    queryKey: ["run", run, "why"],
    queryFn: ({ signal }) => answered(api.GET("/api/runs/{id}/why", { params: { path: { id: run ?? 0 } }, signal })),
    enabled: run !== null && wanted,
    refetchInterval: AGAIN_MS,
    retry: false,
  });
}

/** Asks by itself while a run works and a sink stays empty; what is found is on its nodes. Returns the causes where no sink gets anything. */
export function useWatching(run: RunSummary | null): readonly WhyCause[] {
  const silent = useFigures((state) => silentSinks(state.snapshot).length > 0);
  const all = useFigures((state) => silentSinks(state.snapshot).length === state.snapshot?.sinks?.length);
  const works = run !== null && (run.status === "RUNNING" || run.status === "FINISHED");
  const { data } = useWhy(run?.id ?? null, works && silent);
  const causes = works && silent ? data?.causes : undefined;
  useEffect(() => useTold.setState(causes ? { causes } : NONE), [causes]);
  useEffect(() => () => useTold.setState(NONE), []);
  return all && causes ? causes : NONE.causes;
}

/** Why rows end at a node, in the run, or where there is none in the preview; undefined where they do not. */
export function useEnding(node: string): WhyCause | undefined {
  const runs = useFigures((state) => state.snapshot !== null);
  const told = useTold((state) => state.causes.find((cause) => cause.node === node));
  const previewed = usePreview((state) => (runs ? undefined : state.shown?.causes.find((cause) => cause.node === node)));
  return told ?? previewed;
}
