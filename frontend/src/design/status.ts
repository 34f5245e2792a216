import { msg } from "../i18n";
import type { Tone } from "./tokens";

/** What a run does, as the API says it, and two words of ours: never run, and not known. */
export type StatusName =
  | "CREATED"
  | "QUEUED"
  | "INITIALIZING"
  | "RUNNING"
  | "STUCK"
  | "RESTARTING"
  | "STOPPING"
  | "STOPPED"
  | "FINISHED"
  | "FAILED"
  | "NONE";

export interface StatusLook {
  readonly word: string;
  readonly tone: Tone;
  readonly meaning: string;
}

export const STATUS: Readonly<Record<StatusName, StatusLook>> = {
  CREATED: { word: msg("Starting"), tone: "waiting", meaning: msg("Its process is about to start.") },
  QUEUED: { word: msg("Queued"), tone: "waiting", meaning: msg("It waits for room on the machine, or in its project's quota.") },
  INITIALIZING: { word: msg("Initializing"), tone: "waiting", meaning: msg("It compiles, and restores its state.") },
  RUNNING: { word: msg("Running"), tone: "active", meaning: msg("It makes progress, or there is nothing to read.") },
  STUCK: { word: msg("Stuck"), tone: "warning", meaning: msg("Its process lives and input waits, but nothing makes progress.") },
  RESTARTING: { word: msg("Restarting"), tone: "warning", meaning: msg("It failed, and starts again from its last checkpoint.") },
  STOPPING: { word: msg("Stopping"), tone: "waiting", meaning: msg("It takes a last checkpoint, then ends.") },
  STOPPED: { word: msg("Stopped"), tone: "stopped", meaning: msg("Ended by request; it resumes from its checkpoint when started.") },
  FINISHED: { word: msg("Finished"), tone: "good", meaning: msg("All input was processed.") },
  FAILED: { word: msg("Failed"), tone: "bad", meaning: msg("It cannot go on without a person.") },
  NONE: { word: msg("Never run"), tone: "neutral", meaning: msg("It has not been started yet.") },
};

export const STATUS_ORDER: readonly StatusName[] = [
  "FAILED",
  "STUCK",
  "RESTARTING",
  "QUEUED",
  "INITIALIZING",
  "CREATED",
  "STOPPING",
  "RUNNING",
  "STOPPED",
  "FINISHED",
  "NONE",
];

/** The look of a status, whatever the server calls it. */
export function statusLook(name: string | null | undefined): StatusLook {
  if (!name) return STATUS.NONE;
  return STATUS[name as StatusName] ?? { word: name.toLowerCase(), tone: "neutral", meaning: "" };
}

/** Where a status stands in lists sorted by how much it needs a person: 0 needs one most. */
export function urgency(name: string | null | undefined): number {
  const at = STATUS_ORDER.indexOf((name ?? "NONE") as StatusName);
  return at < 0 ? STATUS_ORDER.length : at;
}
