/** What can be done with the SQL, for palette, shortcuts and help. */

import type { Action } from "../../actions";
import { msg } from "../../i18n";

export interface SqlContext {
  editing: boolean;
  canEdit: boolean;
  edit: () => void;
  apply: () => void;
  discard: () => void;
}

declare module "../../actions/types" {
  interface ActionContext {
    sql?: SqlContext;
  }
}

const GROUP = msg("SQL");

export const SQL_ACTIONS: readonly Action[] = [
  {
    id: "sql.edit", label: msg("Edit the SQL"), group: GROUP, words: "write query recognise",
    enabled: ({ sql }) => sql?.canEdit === true && !sql.editing, run: ({ sql }) => sql?.edit(),
  },
  {
    id: "sql.apply", label: msg("Apply the edited SQL"), group: GROUP,
    enabled: ({ sql }) => sql?.editing === true, run: ({ sql }) => sql?.apply(),
  },
  {
    id: "sql.discard", label: msg("Discard the edited SQL"), group: GROUP,
    enabled: ({ sql }) => sql?.editing === true, run: ({ sql }) => sql?.discard(),
  },
];
