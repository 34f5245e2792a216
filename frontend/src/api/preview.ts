/** Previews: the document as it stands, run over samples of its sources. */

import { answered, api } from "./client";
import type { components } from "./generated/schema";

type Shapes = components["schemas"];

export type PreviewAnswer = Shapes["Preview"];
export type PreviewTable = Shapes["PreviewTable"];
export type PreviewColumn = Shapes["PreviewColumn"];
export type PreviewProfile = Shapes["PreviewProfile"];
export type PreviewNode = Shapes["PreviewNode"];
export type PreviewSample = Shapes["PreviewSample"];
export type PreviewOrder = Pick<Shapes["PreviewOrderRequest"], "project" | "document"> & Partial<Shapes["PreviewOrderRequest"]>;
export type Inferred = Shapes["Inferred"];

export function preview(body: PreviewOrder, signal?: AbortSignal): Promise<PreviewAnswer> {
  return answered(api.POST("/api/preview", { body: body as Shapes["PreviewOrderRequest"], signal })) as Promise<PreviewAnswer>;
}

/** The columns of a file, by its first records. */
export function inferColumns(project: string, options: Record<string, string>, signal?: AbortSignal): Promise<Inferred> {
  return answered(api.POST("/api/preview/infer", { body: { project, options } as Shapes["InferOrderRequest"], signal }));
}
