/** The library of a project: components that its pipelines copy. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { answered, api } from "./client";
import type { components } from "./generated/schema";

type Shapes = components["schemas"];

export type LibraryComponent = Shapes["LibraryComponent"];

const keyOf = (project: string) => ["library", project];

/** The newest version of every component of a project's library. */
export function useLibrary(project: string | null) {
  return useQuery({
    queryKey: keyOf(project ?? ""),
    queryFn: ({ signal }) => answered(api.GET("/api/projects/{slug}/components", { params: { path: { slug: project ?? "" } }, signal })),
    enabled: project !== null && project !== "",
    staleTime: 60_000,
  });
}

export interface ToSave {
  name: string;
  /** Its definition under its name, and those of the components inside it: see `document/library`. */
  components: Record<string, unknown>;
}

export function useSaveComponent(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, components: given }: ToSave) => {
      const body = { components: given } as Shapes["ComponentOrderRequest"];
      return answered(api.PUT("/api/projects/{slug}/components/{name}", { params: { path: { slug: project, name } }, body }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: keyOf(project) }),
  });
}

export function useDeleteComponent(project: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answered(api.DELETE("/api/projects/{slug}/components/{name}", { params: { path: { slug: project, name } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keyOf(project) }),
  });
}
