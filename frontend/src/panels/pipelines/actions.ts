/** What can be done on the page of pipelines, for palette, shortcuts and help. */

import { IconFileImport, IconListCheck, IconPlus } from "@tabler/icons-react";

import type { Action } from "../../actions";
import { msg } from "../../i18n";
import { showAgain } from "./guide";

export interface PipelinesContext {
  canCreate: boolean;
  create: () => void;
  import: () => void;
  search: () => void;
}

declare module "../../actions/types" {
  interface ActionContext {
    pipelines?: PipelinesContext;
  }
}

const GROUP = msg("Pipelines");

export const PIPELINES_ACTIONS: readonly Action[] = [
  { id: "pipelines.new", label: msg("New pipeline"), group: GROUP, keys: ["n p"], icon: IconPlus, words: "create template", enabled: ({ pipelines }) => pipelines?.canCreate === true, run: ({ pipelines }) => pipelines?.create() },
  { id: "pipelines.import", label: msg("Import a pipeline, YAML or JSON"), group: GROUP, keys: ["n i"], icon: IconFileImport, words: "upload paste", enabled: ({ pipelines }) => pipelines?.canCreate === true, run: ({ pipelines }) => pipelines?.import() },
  { id: "pipelines.search", label: msg("Search pipelines"), group: GROUP, keys: ["mod+f"], enabled: ({ pipelines }) => pipelines !== undefined, run: ({ pipelines }) => pipelines?.search() },
  { id: "pipelines.guide", label: msg("Show the first steps"), group: GROUP, icon: IconListCheck, words: "tour help begin", run: () => showAgain() },
];
