import type { RunSummary } from "../../api";
import { STATUS_ORDER, type StatusName } from "../../design";

/** How many runs have each status, in order of urgency; statuses without runs are left out. */
export function counts(runs: readonly RunSummary[]): [StatusName, number][] {
  const found = new Map<StatusName, number>();
  for (const run of runs) found.set(run.status, (found.get(run.status) ?? 0) + 1);
  return STATUS_ORDER.flatMap((status): [StatusName, number][] => {
    const count = found.get(status);
    return count ? [[status, count]] : [];
  });
}

/** The runs of the statuses (of any, where there is none) in which every word occurs. */
export function matching(runs: readonly RunSummary[], statuses: ReadonlySet<string>, search: string): RunSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return runs.filter((run) => {
    if (statuses.size > 0 && !statuses.has(run.status)) return false;
    if (words.length === 0) return true;
    const text = `${run.pipeline.slug} ${run.pipeline.project} ${run.id} ${run.reason?.code ?? ""} ${run.reason?.message ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export interface Outcome {
  done: number;
  failed: { run: number; message: string }[];
}

const AT_ONCE = 4;

/** Does the same to many runs, a few at a time; one that fails does not keep the others from it. */
export async function each(runs: readonly number[], act: (run: number) => Promise<unknown>): Promise<Outcome> {
  const outcome: Outcome = { done: 0, failed: [] };
  const queue = [...runs];
  const work = async () => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
      try {
        await act(run);
        outcome.done += 1;
      } catch (error) {
        outcome.failed.push({ run, message: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcome;
}
