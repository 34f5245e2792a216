import { msg } from "../../i18n";
/** How long a token is good for: words for a choice, and the time that it means. */

export const EXPIRIES = [
  { value: "1", label: msg("A day") },
  { value: "7", label: msg("A week") },
  { value: "30", label: msg("30 days") },
  { value: "90", label: msg("90 days") },
  { value: "365", label: msg("A year") },
  { value: "", label: msg("Until it is revoked") },
] as const;

/** ISO text of the time so many days after `now` (unix milliseconds); null without an end. */
export function expiresAt(days: string, now: number): string | null {
  return days === "" ? null : new Date(now + Number(days) * 86_400_000).toISOString();
}
