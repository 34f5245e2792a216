import { useMutation, useQuery } from "@tanstack/react-query";

import { answered, api, part } from "./client";
import type { components } from "./generated/schema";
import type { ModelVersionDetail } from "./types";

/** Models of two projects may have one name. */
const said = (project: string | null) => ({ project: project ?? undefined });

export function useModels(project: string | null) {
  return useQuery({
    queryKey: ["models", project],
    queryFn: ({ signal }) => answered(api.GET("/api/models", { params: { query: { ...said(project), page_size: 200 } }, signal })),
    refetchInterval: 5_000,
    retry: false,
  });
}

export function useModel(name: string, project: string | null) {
  return useQuery({
    queryKey: ["model", name, project],
    queryFn: ({ signal }) => answered(api.GET("/api/models/{name}", { params: { path: { name }, query: said(project) }, signal })),
    refetchInterval: 5_000,
    retry: false,
  });
}

const LISTED = 240;

/** The versions of a run's model, oldest first: of many neighbours the last, whose window then covers them all. */
export function useVersions(name: string, project: string | null, run: number | null) {
  return useQuery({
    queryKey: ["model", name, project, "versions", run],
    queryFn: async ({ signal }) => {
      const query = { ...said(project), run: run ?? undefined, limit: LISTED };
      return (await answered(api.GET("/api/models/{name}/versions", { params: { path: { name }, query }, signal }))).versions;
    },
    refetchInterval: 4_000,
    retry: false,
    enabled: run !== null,
  });
}

export function useVersion(name: string, version: number | null, project: string | null, run: number | null = null) {
  return useQuery({
    queryKey: ["model", name, project, "version", version, run],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/models/{name}/versions/{version}", {
          params: { path: { name, version: version ?? 0 }, query: { ...said(project), run: run ?? undefined } },
          signal,
        }),
      ) as Promise<ModelVersionDetail>,
    enabled: version !== null,
    placeholderData: (before) => before,
    staleTime: Infinity,
    retry: false,
  });
}

export function useWeights(name: string, version: number | null, limit: number, project: string | null, run: number | null = null) {
  return useQuery({
    queryKey: ["model", name, project, "weights", version, limit, run],
    queryFn: async ({ signal }) => {
      const params = { path: { name, version: version ?? 0 }, query: { ...said(project), limit, run: run ?? undefined } };
      return (await answered(api.GET("/api/models/{name}/versions/{version}/weights", { params, signal }))).weights;
    },
    enabled: version !== null,
    placeholderData: (before) => before,
    staleTime: Infinity,
    retry: false,
  });
}

type PredictRequest = components["schemas"]["PredictRequestRequest"];

export function usePredict(name: string, project: string | null) {
  return useMutation({
    mutationFn: (body: PredictRequest) => answered(api.POST("/api/models/{name}/predict", { params: { path: { name }, query: said(project) }, body })),
  });
}

/** Models of two projects may have one name: the address says of which. */
export const modelUrl = (name: string, project: string): string => `/models/${part(name)}?project=${part(project)}`;
