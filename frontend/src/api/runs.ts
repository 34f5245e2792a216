import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, api } from "./client";
import type { paths } from "./generated/schema";
import { toldRuns } from "./live";
import type { Compiled, MetricSeries, Page, RunDetail, RunOptions, RunSummary, Status } from "./types";

export interface RunFilter {
  project?: string | null;
  pipeline?: number | null;
  status?: Status | null;
  active?: boolean;
}

const PAGE_SIZE = 200;
const PAGES_AT_MOST = 10;

/** Whether a status is one in which no process works for the run. */
export const isFinal = (status: Status): boolean => status === "STOPPED" || status === "FINISHED" || status === "FAILED";

/** All runs that match, page by page, up to 2,000. */
async function fetchRuns(filter: RunFilter, signal: AbortSignal): Promise<Page<RunSummary>> {
  const { project, pipeline, status, active } = filter;
  const query = {
    page_size: PAGE_SIZE,
    project: project ?? undefined,
    pipeline: pipeline ?? undefined,
    status: status ? [status] : undefined,
    active,
  };
  const first = await answered(api.GET("/api/runs", { params: { query }, signal }));
  const results = [...first.results];
  for (let page = 2; results.length < first.count && page <= PAGES_AT_MOST; page += 1) {
    results.push(...(await answered(api.GET("/api/runs", { params: { query: { ...query, page } }, signal }))).results);
  }
  toldRuns(results);
  return { ...first, results };
}

export function useRuns(filter: RunFilter = {}, every = 30_000) {
  return useQuery({
    queryKey: ["runs", filter],
    queryFn: ({ signal }) => fetchRuns(filter, signal),
    placeholderData: (before) => before,
    refetchInterval: every,
  });
}

export function useRunDetail(id: number | null) {
  return useQuery({
    queryKey: ["run", id],
    queryFn: async ({ signal }) => {
      const run: RunDetail = await answered(api.GET("/api/runs/{id}", { params: { path: { id: id ?? 0 } }, signal }));
      toldRuns([run]);
      return run;
    },
    enabled: id !== null,
    refetchInterval: 30_000,
  });
}

export interface NewRun {
  pipeline: number;
  revision?: number;
  parameters?: Record<string, string>;
  options?: RunOptions;
}

/** What a write answers is at once what the page shows. */
function useTold() {
  const client = useQueryClient();
  return (run: RunSummary | null) => {
    toldRuns([run]);
    return Promise.all([client.invalidateQueries({ queryKey: ["runs"] }), client.invalidateQueries({ queryKey: ["pipelines"] })]);
  };
}

export function useCreateRun() {
  const told = useTold();
  return useMutation({ mutationFn: (body: NewRun) => answered(api.POST("/api/runs", { body })), onSuccess: told });
}

export function useStartRun() {
  const told = useTold();
  return useMutation({ mutationFn: (id: number) => answered(api.POST("/api/runs/{id}/start", { params: { path: { id } } })), onSuccess: told });
}

export function useStopRun() {
  const told = useTold();
  return useMutation({ mutationFn: (id: number) => answered(api.POST("/api/runs/{id}/stop", { params: { path: { id } } })), onSuccess: told });
}

export function useDeleteRun() {
  const told = useTold();
  return useMutation({ mutationFn: (id: number) => answered(api.DELETE("/api/runs/{id}", { params: { path: { id } } })), onSuccess: () => told(null) });
}

export function useRunEvents(id: number | null) {
  return useQuery({
    queryKey: ["run", id, "events"],
    queryFn: ({ signal }) => answered(api.GET("/api/runs/{id}/events", { params: { path: { id: id ?? 0 } }, signal })),
    enabled: id !== null,
  });
}

export function useRunCompiled(id: number | null) {
  return useQuery({
    queryKey: ["run", id, "compiled"],
    queryFn: ({ signal }) => answered(api.GET("/api/runs/{id}/compiled", { params: { path: { id: id ?? 0 } }, signal })) as Promise<Compiled>,
    enabled: id !== null,
    staleTime: Infinity,
  });
}

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

/** Lines of a run's log: the last ones, or those after `next` of an earlier answer. */
export function fetchLogs(id: number, query: Query<"/api/runs/{id}/logs">, signal?: AbortSignal) {
  return answered(api.GET("/api/runs/{id}/logs", { params: { path: { id }, query }, signal }));
}

/** Records that could not be read, oldest first: the first ones, or those after `next` of an earlier answer. */
export function fetchDeadLetters(id: number, query: Query<"/api/runs/{id}/dead-letters">, signal?: AbortSignal) {
  return answered(api.GET("/api/runs/{id}/dead-letters", { params: { path: { id }, query }, signal }));
}

export type MetricQuery = Query<"/api/runs/{id}/metrics">;

/** Kept series of a run; live points come by its stream (live.ts joins both). */
export function useMetrics(id: number | null, query: MetricQuery = {}) {
  return useQuery({
    queryKey: ["run", id, "metrics", query],
    queryFn: ({ signal }) => answered(api.GET("/api/runs/{id}/metrics", { params: { path: { id: id ?? 0 }, query }, signal })) as Promise<{ series: MetricSeries[] }>,
    enabled: id !== null,
    refetchInterval: 60_000,
    placeholderData: (before) => before,
  });
}

export function useWork(subject: string) {
  return useQuery({
    queryKey: ["work", subject],
    queryFn: ({ signal }) => answered(api.GET("/api/work", { params: { query: { subject } }, signal })),
    refetchInterval: (query) => (query.state.data?.results.some((one) => one.state === "WAITING" || one.state === "RUNNING") ? 1_000 : 15_000),
  });
}
