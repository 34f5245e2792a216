import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { request } from "./client";
import { toldRuns } from "./live";
import type { Compiled, DeadLetter, LogLine, MetricSeries, Page, RunDetail, RunEvent, RunOptions, RunSummary, Status, Work } from "./types";

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
  const query = { page_size: PAGE_SIZE, ...filter };
  const first = await request<Page<RunSummary>>("GET", "runs", { query, signal });
  const results = [...first.results];
  for (let page = 2; results.length < first.count && page <= PAGES_AT_MOST; page += 1) {
    results.push(...(await request<Page<RunSummary>>("GET", "runs", { query: { ...query, page }, signal })).results);
  }
  toldRuns(results);
  return { ...first, results };
}

export function useRuns(filter: RunFilter = {}, enabled = true) {
  return useQuery({
    queryKey: ["runs", filter],
    queryFn: ({ signal }) => fetchRuns(filter, signal),
    placeholderData: (before) => before,
    refetchInterval: 30_000,
    enabled,
  });
}

export function useRunDetail(id: number | null) {
  return useQuery({
    queryKey: ["run", id],
    queryFn: async ({ signal }) => {
      const run = await request<RunDetail>("GET", `runs/${id}`, { signal });
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
  return useMutation({ mutationFn: (body: NewRun) => request<RunDetail>("POST", "runs", { body }), onSuccess: told });
}

export function useStartRun() {
  const told = useTold();
  return useMutation({ mutationFn: (id: number) => request<RunDetail>("POST", `runs/${id}/start`), onSuccess: told });
}

export function useStopRun() {
  const told = useTold();
  return useMutation({ mutationFn: (id: number) => request<RunDetail>("POST", `runs/${id}/stop`), onSuccess: told });
}

export function useDeleteRun() {
  const told = useTold();
  return useMutation({ mutationFn: (id: number) => request("DELETE", `runs/${id}`), onSuccess: () => told(null) });
}

export function useRunEvents(id: number | null) {
  return useQuery({
    queryKey: ["run", id, "events"],
    queryFn: ({ signal }) => request<Page<RunEvent>>("GET", `runs/${id}/events`, { signal }),
    enabled: id !== null,
  });
}

export function useRunCompiled(id: number | null) {
  return useQuery({
    queryKey: ["run", id, "compiled"],
    queryFn: ({ signal }) => request<Compiled>("GET", `runs/${id}/compiled`, { signal }),
    enabled: id !== null,
    staleTime: Infinity,
  });
}

export interface LogQuery {
  after?: string | number | null;
  level?: string | null;
  limit?: number;
}

export function fetchLogs(id: number, query: LogQuery, signal?: AbortSignal): Promise<{ lines: LogLine[]; next: string | number | null }> {
  return request("GET", `runs/${id}/logs`, { query: { ...query }, signal });
}

export function fetchDeadLetters(
  id: number,
  query: { after?: string | number | null; limit?: number },
  signal?: AbortSignal,
): Promise<{ letters?: DeadLetter[]; results?: DeadLetter[]; next: string | number | null }> {
  return request("GET", `runs/${id}/dead-letters`, { query, signal });
}

export interface MetricQuery {
  node?: string;
  name?: string;
  from?: number;
  to?: number;
  resolution?: number;
}

/** Kept series of a run; live points come by its stream (live.ts joins both). */
export function useMetrics(id: number | null, query: MetricQuery = {}) {
  return useQuery({
    queryKey: ["run", id, "metrics", query],
    queryFn: ({ signal }) => request<{ series: MetricSeries[] }>("GET", `runs/${id}/metrics`, { query: { ...query }, signal }),
    enabled: id !== null,
    refetchInterval: 60_000,
    placeholderData: (before) => before,
  });
}

export function useWork(subject: string) {
  return useQuery({
    queryKey: ["work", subject],
    queryFn: ({ signal }) => request<Page<Work>>("GET", "work", { query: { subject }, signal }),
    refetchInterval: (query) => (query.state.data?.results.some((one) => one.state === "WAITING" || one.state === "RUNNING") ? 1_000 : 15_000),
  });
}
