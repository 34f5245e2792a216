/** The states of runs: checkpoints, savepoints, restore points, what they hold; and what the machine has for runs. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, api, url } from "./client";
import type { components } from "./generated/schema";
import { toldRuns } from "./live";
import type { RunSummary } from "./types";

type Shapes = components["schemas"];

export type Savepoint = Shapes["SavepointShape"];
export type CheckpointItem = Shapes["CheckpointShape"];
export type UpgradeReport = Shapes["UpgradeReport"];
export type Consent = Shapes["Consent"];
export type Resources = Shapes["Resources"];

/** An operator's state, as the engine describes it. */
export interface OperatorState {
  uid: string;
  kind: string;
  nodes: string[];
  what: string;
  keys: number;
  rows: number;
  bytes: number;
  states: Array<{ name: string; columns?: Array<[name: string, type: string]> | null; sample?: unknown[][] | null }>;
}

const path = (id: number) => ({ params: { path: { id } } });

/** Checkpoints of a run and the savepoints made of it; asked often while one is being made. */
export function useRunState(run: number | null) {
  return useQuery({
    queryKey: ["run", run, "state"],
    queryFn: ({ signal }) => answered(api.GET("/api/runs/{id}/state", { ...path(run ?? 0), signal })),
    enabled: run !== null,
    refetchInterval: 5_000,
  });
}

/** All savepoints of a pipeline, newest first. */
export function useSavepoints(pipeline: number) {
  return useQuery({
    queryKey: ["pipeline", pipeline, "savepoints"],
    queryFn: ({ signal }) => answered(api.GET("/api/savepoints", { params: { query: { pipeline, page_size: 100 } }, signal })),
    refetchInterval: (query) => (query.state.data?.results.some((one) => one.state === "MAKING") ? 1_000 : 15_000),
  });
}

export type Chosen = { savepoint: number } | { run: number; epoch: number };

/** What a state holds, with some rows of each operator. */
export function useContents(chosen: Chosen | null) {
  return useQuery({
    queryKey: ["state", chosen],
    queryFn: async ({ signal }) => {
      if (chosen && "epoch" in chosen) {
        return answered(api.GET("/api/runs/{id}/state/contents", { params: { path: { id: chosen.run }, query: { epoch: chosen.epoch } }, signal }));
      }
      return answered(api.GET("/api/savepoints/{id}/contents", { ...path(chosen?.savepoint ?? 0), signal }));
    },
    enabled: chosen !== null,
    staleTime: Infinity,
  });
}

/** What can be done with states. Each answers what the platform answered, and the lists are asked anew. */
export function useStates(pipeline: number) {
  const client = useQueryClient();
  const anew = async (run?: RunSummary) => {
    if (run) toldRuns([run]);
    await Promise.all([["pipeline", pipeline, "savepoints"], ["runs"], ["run"], ["pipelines"]].map((queryKey) => client.invalidateQueries({ queryKey })));
  };
  const make = useMutation({
    mutationFn: ({ run, name, restorePoint }: { run: number; name: string; restorePoint: boolean }) =>
      answered(api.POST("/api/runs/{id}/savepoints", { ...path(run), body: { name, restore_point: restorePoint, stop: false } })),
    onSuccess: () => anew(),
  });
  const restore = useMutation({ mutationFn: (id: number) => answered(api.POST("/api/savepoints/{id}/restore", { ...path(id), body: {} })), onSuccess: anew });
  const rollBack = useMutation({ mutationFn: (id: number) => answered(api.POST("/api/savepoints/{id}/rollback", path(id))), onSuccess: anew });
  const remove = useMutation({ mutationFn: (id: number) => answered(api.DELETE("/api/savepoints/{id}", path(id))), onSuccess: () => anew() });
  const rescale = useMutation({
    mutationFn: ({ run, shards }: { run: number; shards: number }) => answered(api.POST("/api/runs/{id}/rescale", { ...path(run), body: { shards } })),
    onSuccess: anew,
  });
  return { make, restore, rollBack, remove, rescale };
}

/** What becomes of a run's state if it goes on with another revision. Nothing is started. */
export function useUpgradeCheck(run: number, revision: number) {
  return useQuery({
    queryKey: ["run", run, "upgrade", revision],
    queryFn: ({ signal }) => answered(api.POST("/api/runs/{id}/upgrade-check", { ...path(run), body: { revision }, signal })),
    retry: false,
    gcTime: 0,
  });
}

/** Lets a run go on with another revision. */
export function useGoOn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ run, revision, allow }: { run: number; revision: number; allow: Consent[] }) =>
      answered(api.POST("/api/runs/{id}/start", { ...path(run), body: { revision, allow } })),
    onSuccess: async (run) => {
      toldRuns([run]);
      await client.invalidateQueries({ queryKey: ["runs"] });
    },
  });
}

/** Where a run's support bundle is. */
export const supportUrl = (run: number): string => url(`runs/${run}/support`);

export function useResources() {
  return useQuery({
    queryKey: ["resources"],
    queryFn: ({ signal }) => answered(api.GET("/api/resources", { signal })),
    refetchInterval: 5_000,
  });
}
