/** The tests that are saved with a pipeline, run by the platform. */

import { answered, api } from "./client";
import type { components } from "./generated/schema";

type Shapes = components["schemas"];

export type TestResult = Shapes["TestResult"];
export type TestResults = Shapes["TestResults"];
export type TestedNode = Shapes["TestedNode"];
export type TestLine = Shapes["TestLine"];

export interface TestsOrder {
  project: string;
  document: string;
  /** Which tests; nothing: all. */
  names?: string[];
}

export function runTests(body: TestsOrder, signal?: AbortSignal): Promise<TestResults> {
  return answered(api.POST("/api/tests", { body: body as Shapes["TestsOrderRequest"], signal })) as Promise<TestResults>;
}
