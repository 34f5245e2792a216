/** What a tile says of its node in the preview. Pure. */

import type { PreviewNode } from "../../api/preview";
import { number } from "../../design/format";
import { t } from "../../i18n";

/** "1,000 → 433 rows", and what was lost on the way. */
export function countsText(counts: PreviewNode): string {
  const rows = counts.is_sink ? (counts.rows_in ?? counts.rows_out) : counts.rows_out;
  const flow = counts.rows_in === null || counts.is_sink ? t("{count} rows", { count: number(rows) }) : t("{before} → {after} rows", { before: number(counts.rows_in), after: number(rows) });
  const parts = [flow];
  if (counts.late) parts.push(t("{count} late", { count: number(counts.late) }));
  if (counts.unmatched) parts.push(t("{count} without a match", { count: number(counts.unmatched) }));
  return parts.join(" · ");
}
