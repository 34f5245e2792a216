import { answered, api } from "./client";
import type { components } from "./generated/schema";

type Shapes = components["schemas"];
export type Recognised = Shapes["Recognised"];
export type NodeChange = Shapes["NodeChange"];

/** What SQL is as a pipeline, and the commands that make it of a document. */
export function recognise(sql: string, document: string, signal?: AbortSignal): Promise<Recognised> {
  const body = { sql, document, environment: "dev" as const };
  return answered(api.POST("/api/recognise", { body, signal })) as Promise<Recognised>;
}
