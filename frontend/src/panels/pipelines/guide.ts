/** The first steps: from nothing to a model that learns. Steps are ticked by what really happened, and stay so in this browser. */

import { create } from "zustand";

import { msg } from "../../i18n";

export type StepId = "create" | "preview" | "run" | "learn";

export interface Step {
  id: StepId;
  title: string;
  text: string;
}

export const STEPS: readonly Step[] = [
  { id: "create", title: msg("Create a pipeline that learns"), text: msg("The template “Learn who clicks” streams at once and needs nothing else.") },
  { id: "preview", title: msg("See data at a node"), text: msg("Select a node: the preview shows what comes in, what goes out, and what changed.") },
  { id: "run", title: msg("Run it"), text: msg("Start reads the stream from its beginning, on this machine. It goes on until you stop it.") },
  { id: "learn", title: msg("Watch it learn"), text: msg("The model's AUC is beside its node and in the tab Model: 0.5 is guessing, 1 is always right.") },
];

interface Guide {
  /** The pipeline that was begun with; null: none yet. */
  pipeline: number | null;
  done: readonly StepId[];
  dismissed: boolean;
}

const KEPT = "porsche.guide";
const BEGINNING: Guide = { pipeline: null, done: [], dismissed: false };

function read(): Guide {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "null") as Partial<Guide> | null;
    const done = Array.isArray(found?.done) ? STEPS.map((step) => step.id).filter((id) => found.done?.includes(id)) : [];
    return { pipeline: typeof found?.pipeline === "number" ? found.pipeline : null, done, dismissed: found?.dismissed === true };
  } catch {
    return BEGINNING;
  }
}

export const useGuide = create<Guide>(() => read());

function keep(change: Partial<Guide>): void {
  useGuide.setState(change);
  try {
    localStorage.setItem(KEPT, JSON.stringify(useGuide.getState()));
  } catch {
    // without storage it lasts as long as the page
  }
}

/** A pipeline that learns was created: the steps are about it from now on. */
export function began(pipeline: number): void {
  keep({ pipeline, done: ["create"], dismissed: useGuide.getState().dismissed });
}

/** Something of the steps has happened to their pipeline. */
export function happened(step: StepId, pipeline: number): void {
  const guide = useGuide.getState();
  if (guide.pipeline === pipeline && !guide.done.includes(step)) keep({ done: [...guide.done, step] });
}

export const dismiss = (): void => keep({ dismissed: true });
export const showAgain = (): void => keep(useGuide.getState().done.length === STEPS.length ? BEGINNING : { dismissed: false });
/** The step that comes next; null where all are done. */
export const nextStep = (guide: Guide): Step | null => STEPS.find((step) => !guide.done.includes(step.id)) ?? null;
