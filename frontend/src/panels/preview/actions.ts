/** What can be done with the preview, for palette, shortcuts and help. */

import type { Action } from "../../actions";
import { msg } from "../../i18n";

export interface PreviewContext {
  ready: boolean;
  sample: () => void;
}

declare module "../../actions/types" {
  interface ActionContext {
    preview?: PreviewContext;
  }
}

export const PREVIEW_ACTIONS: readonly Action[] = [
  {
    id: "preview.sample", label: msg("Read the sources again for the preview"), group: msg("Preview"), words: "sample refresh",
    enabled: ({ preview }) => preview?.ready === true, run: ({ preview }) => preview?.sample(),
  },
];
