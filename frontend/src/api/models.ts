import { useMutation, useQuery } from "@tanstack/react-query";

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

/** The versions of a model, oldest first. */
export function useVersions(name: string, project?: string | null) {
  return useQuery({
    queryKey: ["model", name, project ?? null, "versions"],
    queryFn: async ({ signal }) => {
      const found = await request<Page<ModelVersion> | { versions: ModelVersion[] } | ModelVersion[]>("GET", `${model(name)}/versions`, {
        query: { project },
        signal,
      });
      const list = Array.isArray(found) ? found : "versions" in found ? found.versions : found.results;
      return [...list].sort((a, b) => a.version - b.version);
    },
    refetchInterval: 5_000,
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

export const modelUrl = (name: string): string => `/models/${part(name)}`;
