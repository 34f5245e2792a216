import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, api, part } from "./client";
import { toldRuns } from "./live";
import type { Compiled, PipelineDetail } from "./types";

export interface PipelineFilter {
  project?: string | null;
  search?: string;
  archived?: boolean;
  page?: number;
}

const PAGE_SIZE = 200;

export function usePipelines(filter: PipelineFilter = {}, every = 30_000) {
  return useQuery({
    queryKey: ["pipelines", filter],
    queryFn: async ({ signal }) => {
      const query = { page_size: PAGE_SIZE, ...filter, project: filter.project ?? undefined, search: filter.search || undefined };
      const page = await answered(api.GET("/api/pipelines", { params: { query }, signal }));
      toldRuns(page.results.map((one) => one.run));
      return page;
    },
    placeholderData: (before) => before,
    refetchInterval: every,
  });
}

export function usePipeline(id: number | null) {
  return useQuery({
    queryKey: ["pipeline", id],
    queryFn: ({ signal }) => answered(api.GET("/api/pipelines/{id}", { params: { path: { id: id ?? 0 } }, signal })) as Promise<PipelineDetail>,
    enabled: id !== null,
  });
}

export function useRevisions(id: number | null) {
  return useQuery({
    queryKey: ["pipeline", id, "revisions"],
    queryFn: ({ signal }) => answered(api.GET("/api/pipelines/{id}/revisions", { params: { path: { id: id ?? 0 } }, signal })),
    enabled: id !== null,
  });
}

/** What a pipeline compiles to, in its newest revision or a given one. */
export function useCompiled(id: number | null, revision?: number | null) {
  return useQuery({
    queryKey: ["pipeline", id, "compiled", revision ?? null],
    queryFn: ({ signal }) => answered(api.GET("/api/pipelines/{id}/compiled", { params: { path: { id: id ?? 0 }, query: { revision: revision ?? undefined } }, signal })) as Promise<Compiled>,
    enabled: id !== null,
    staleTime: 60_000,
    placeholderData: (before) => before,
  });
}

export interface NewPipeline {
  project: string;
  slug: string;
  title?: string;
  document: string;
}

export function useCreatePipeline() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewPipeline) => answered(api.POST("/api/pipelines", { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["pipelines"] }),
  });
}

export function useChangePipeline(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { title?: string; archived?: boolean }) => answered(api.PATCH("/api/pipelines/{id}", { params: { path: { id } }, body })),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["pipelines"] }), client.invalidateQueries({ queryKey: ["pipeline", id] })]),
  });
}

export function useDeletePipeline() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => answered(api.DELETE("/api/pipelines/{id}", { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["pipelines"] }),
  });
}

export const pipelineUrl = (id: number): string => `/pipelines/${part(id)}`;
