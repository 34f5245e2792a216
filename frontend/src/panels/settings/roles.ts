import type { Role } from "../../api";
import { msg, t } from "../../i18n";

const NAMES: Readonly<Record<Role, string>> = { viewer: msg("viewer"), operator: msg("operator"), editor: msg("editor"), admin: msg("admin") };

/** A role in the reader's language. */
export function roleName(role: Role): string {
  return t(NAMES[role]);
}
