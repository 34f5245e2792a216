import { expect, it } from "vitest";

import type { RunSummary } from "../../api";
import { counts, each, matching } from "./filter";

const run = (id: number, status: RunSummary["status"], message: string | null = null) =>
  ({ id, status, pipeline: { id: 1, slug: "shop", project: "examples" }, reason: message === null ? null : { code: "c", message, node: null, hint: null } }) as RunSummary;

const RUNS = [run(1, "RUNNING"), run(2, "FAILED", "division by zero"), run(3, "RUNNING"), run(4, "FINISHED")];

it("counts by status, the urgent ones first", () => expect(counts(RUNS)).toEqual([["FAILED", 1], ["RUNNING", 2], ["FINISHED", 1]]));

it("finds runs by status and by words in any of their texts", () => {
  const ids = (statuses: string[], search: string) => matching(RUNS, new Set(statuses), search).map((one) => one.id);
  expect(ids([], "")).toEqual([1, 2, 3, 4]);
  expect(ids(["RUNNING", "FAILED"], "")).toEqual([1, 2, 3]);
  expect(ids([], "SHOP zero")).toEqual([2]);
  expect(ids(["RUNNING"], "zero")).toEqual([]);
});

it("goes on with the others where one fails, a few at a time", async () => {
  let open = 0;
  let most = 0;
  const outcome = await each([1, 2, 3, 4, 5, 6, 7, 8, 9], async (id) => {
    open += 1;
    most = Math.max(most, open);
    await Promise.resolve();
    open -= 1;
    if (id === 3) throw new Error("it is not yours");
  });
  expect(outcome).toEqual({ done: 8, failed: [{ run: 3, message: "it is not yours" }] });
  expect(most).toBeLessThanOrEqual(4);
});
