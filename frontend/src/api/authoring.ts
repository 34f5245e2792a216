/** Functions of SQL, and what expressions mean while they are written. */

import { useQuery } from "@tanstack/react-query";

import { answered, api } from "./client";
import type { components } from "./generated/schema";

type Shapes = components["schemas"];
export type SqlFunction = Shapes["Function"];
export type Meaning = Shapes["Meaning"];
export type ToMean = Shapes["ExpressionRequest"];

/** Every function; asked once. */
export function useFunctions(): readonly SqlFunction[] {
  const { data } = useQuery({
    queryKey: ["functions"],
    queryFn: ({ signal }) => answered(api.GET("/api/functions", { signal })),
    staleTime: Infinity,
  });
  return data ?? NONE;
}

const NONE: readonly SqlFunction[] = [];

export function meaningOf(body: ToMean, signal?: AbortSignal): Promise<Meaning> {
  return answered(api.POST("/api/expressions", { body, signal })) as Promise<Meaning>;
}
