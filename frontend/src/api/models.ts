import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { part, request } from "./client";
import type { ModelItem, ModelVersion, Page, PredictionReply, Weight } from "./types";

const model = (name: string) => `models/${part(name)}`;

export function useModels(project?: string | null, enabled = true) {
  return useQuery({
    queryKey: ["models", project ?? null],
    queryFn: ({ signal }) => request<Page<ModelItem>>("GET", "models", { query: { project, page_size: 200 }, signal }),
    refetchInterval: 15_000,
    retry: false,
    enabled,
  });
}

export function useModel(name: string, project?: string | null) {
  return useQuery({
    queryKey: ["model", name, project ?? null],
    queryFn: ({ signal }) => request<ModelItem>("GET", model(name), { query: { project }, signal }),
    refetchInterval: 10_000,
    retry: false,
  });
}

type Versions = Page<ModelVersion> | { versions: ModelVersion[] } | ModelVersion[];

function listed(found: Versions): ModelVersion[] {
  if (Array.isArray(found)) return found;
  return "versions" in found ? found.versions : found.results;
}

/** Known versions and newer ones, oldest first; where one is told again, the newer word counts. */
export function merged(known: readonly ModelVersion[], newer: readonly ModelVersion[]): ModelVersion[] {
  const all = new Map(known.map((one) => [one.version, one]));
  for (const one of newer) all.set(one.version, one);
  return [...all.values()].sort((a, b) => a.version - b.version);
}

/** The versions of a model, oldest first. Only those are fetched that are not known yet. */
export function useVersions(name: string, project: string | null, run: number | null) {
  const client = useQueryClient();
  const queryKey = ["model", name, project, "versions", run];
  return useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const known = client.getQueryData<ModelVersion[]>(queryKey) ?? [];
      const query = { project, since: known.at(-1)?.version };
      return merged(known, listed(await request<Versions>("GET", `${model(name)}/versions`, { query, signal })));
    },
    refetchInterval: 3_000,
    retry: false,
  });
}

export function useVersion(name: string, version: number | null, project?: string | null) {
  return useQuery({
    queryKey: ["model", name, project ?? null, "version", version],
    queryFn: ({ signal }) => request<ModelVersion>("GET", `${model(name)}/versions/${version}`, { query: { project }, signal }),
    enabled: version !== null,
    placeholderData: (before) => before,
    retry: false,
  });
}

export function useWeights(name: string, version: number | null, limit = 30, project?: string | null) {
  return useQuery({
    queryKey: ["model", name, project ?? null, "weights", version, limit],
    queryFn: async ({ signal }) => {
      const found = await request<Weight[] | { weights: Weight[] }>("GET", `${model(name)}/versions/${version}/weights`, {
        query: { limit, project },
        signal,
      });
      return Array.isArray(found) ? found : found.weights;
    },
    enabled: version !== null,
    placeholderData: (before) => before,
    retry: false,
  });
}

export interface PredictRequest {
  rows?: Record<string, unknown>[];
  keys?: Record<string, unknown>[];
  version?: number;
}

export function usePredict(name: string, project?: string | null) {
  return useMutation({
    mutationFn: (body: PredictRequest) => request<PredictionReply>("POST", `${model(name)}/predict`, { body, query: { project } }),
  });
}

/** Models of two projects may have one name: the address says of which. */
export const modelUrl = (name: string, project: string): string => `/models/${part(name)}?project=${part(project)}`;
