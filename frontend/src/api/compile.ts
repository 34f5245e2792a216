import { useQuery } from "@tanstack/react-query";

import { answered, api } from "./client";
import type { Compiled } from "./types";

/** The catalogue of components: palette, forms and documentation are drawn from it. */
export function useComponents() {
  return useQuery({
    queryKey: ["components"],
    queryFn: ({ signal }) => answered(api.GET("/api/components", { signal })),
    staleTime: Infinity,
  });
}

export interface ToCompile {
  document: string;
  parameters?: Record<string, string>;
  environment?: "dev" | "flink";
}

export function compile(body: ToCompile, signal?: AbortSignal): Promise<Compiled> {
  return answered(api.POST("/api/compile", { body: { environment: "dev", ...body }, signal })) as Promise<Compiled>;
}
