/** What can be done with the tests of a pipeline, for palette, shortcuts and help. */

import type { Action } from "../../actions";
import { msg } from "../../i18n";

export interface TestsContext {
  count: number;
  run: () => void;
  show: () => void;
}

declare module "../../actions/types" {
  interface ActionContext {
    tests?: TestsContext;
  }
}

export const TEST_ACTIONS: readonly Action[] = [
  {
    id: "tests.run", label: msg("Run all tests"), group: msg("Tests"), words: "check expected fixtures",
    enabled: ({ tests }) => (tests?.count ?? 0) > 0, run: ({ tests }) => { tests?.show(); tests?.run(); },
  },
  { id: "tests.show", label: msg("Show the tests"), group: msg("Tests"), enabled: ({ tests }) => tests !== undefined, run: ({ tests }) => tests?.show() },
];
