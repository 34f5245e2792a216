/** Series of a run for charts: what was kept, joined with what comes live. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { answered, api } from "../../api/client";
import { joined, livePoints, useTick } from "../../api/live";
import type { Point } from "../../api/ring";

export type SeriesByName = Readonly<Record<string, readonly Point[]>>;

/** Spans that charts show, in seconds. */
export const SPANS: Readonly<Record<string, number>> = { "5 min": 300, "15 min": 900, "1 h": 3600, "6 h": 21600, "24 h": 86400 };

/** The newest part of series of a node ("": the run's own) by their names, oldest first. `until`: where a run that is over ends. */
export function useSeries(run: number | null, node: string, names: readonly string[], span: number, until: number | null = null): SeriesByName {
  const asked = names.join(" ");
  const { data } = useQuery({
    queryKey: ["run", run, "series", node, asked, span, until],
    queryFn: ({ signal }) => {
      const to = until ?? Date.now() / 1000;
      const query = { node: [node], name: asked.split(" "), from: Math.max(0, to - span), to };
      return answered(api.GET("/api/runs/{id}/metrics", { params: { path: { id: run ?? 0 }, query }, signal }));
    },
    enabled: run !== null,
    refetchInterval: until === null ? 60_000 : false,
    retry: false,
  });
  const tick = useTick(run);
  return useMemo(() => {
    void tick; // live points change in place: a tick says that they did
    const kept = new Map(data?.series.map((each) => [each.name, each.points.map(([at = 0, mean = 0]): Point => [at, mean])]));
    return Object.fromEntries(asked.split(" ").map((name) => [name, run === null ? [] : joined(kept.get(name) ?? [], livePoints(run, node, name))]));
  }, [data, tick, run, node, asked]);
}

/** The series that a node has told live, by name: those of a metric sink, whatever it calls them. */
export function namesOf(metrics: Readonly<Record<string, unknown>> | null): string[] {
  return Object.entries(metrics ?? {}).flatMap(([name, value]) => (typeof value === "number" ? [name] : []));
}
