import { useQuery } from "@tanstack/react-query";

import { request } from "./client";
import type { Compiled, ComponentSpec } from "./types";

/** The catalogue of components: palette, forms and documentation are drawn from it. */
export function useComponents() {
  return useQuery({
    queryKey: ["components"],
    queryFn: ({ signal }) => request<ComponentSpec[]>("GET", "components", { signal }),
    staleTime: Infinity,
  });
}

export interface ToCompile {
  document: string;
  parameters?: Record<string, string>;
  environment?: string;
}

export function compile(body: ToCompile, signal?: AbortSignal): Promise<Compiled> {
  return request("POST", "compile", { body, signal });
}
