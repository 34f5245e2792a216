/** What can be done on a pipeline's page, for palette, shortcuts and help. */

import type { Action, ActionContext } from "../../actions";
import { msg } from "../../i18n";

export interface PipelineContext {
  canEdit: boolean;
  canRun: boolean;
  dirty: boolean;
  canUndo: boolean;
  canRedo: boolean;
  active: boolean;
  save: () => void;
  undo: () => void;
  redo: () => void;
  newRun: () => void;
  stop: () => void;
  show: (tab: string) => void;
}

declare module "../../actions/types" {
  interface ActionContext {
    pipeline?: PipelineContext;
  }
}

type Judge = (pipeline: PipelineContext) => boolean;

const GROUP = msg("Pipeline");

function action(id: string, label: string, keys: readonly string[], run: (pipeline: PipelineContext) => void, enabled: Judge = () => true): Action {
  return {
    id: `pipeline.${id}`,
    label,
    group: GROUP,
    keys,
    enabled: ({ pipeline }: ActionContext) => pipeline !== undefined && enabled(pipeline),
    run: ({ pipeline }) => pipeline && run(pipeline),
  };
}

const shows = (tab: string, label: string, keys: string[]) => action(`show.${tab}`, label, keys, (pipeline) => pipeline.show(tab));

export const PIPELINE_ACTIONS: readonly Action[] = [
  action("save", msg("Save the document as a revision"), ["mod+s"], (pipeline) => pipeline.save(), ({ canEdit, dirty }) => canEdit && dirty),
  action("undo", msg("Undo"), ["mod+z"], (pipeline) => pipeline.undo(), ({ canUndo }) => canUndo),
  action("redo", msg("Redo"), ["mod+shift+z", "mod+y"], (pipeline) => pipeline.redo(), ({ canRedo }) => canRedo),
  action("new-run", msg("New run, from the beginning"), ["mod+enter"], (pipeline) => pipeline.newRun(), ({ canRun }) => canRun),
  action("stop", msg("Stop the run, after a checkpoint"), [], (pipeline) => pipeline.stop(), ({ canRun, active }) => canRun && active),
  shows("node", msg("Show the selected node"), ["v n"]),
  shows("sql", msg("Show the SQL"), ["v s"]),
  shows("document", msg("Show the document"), ["v d"]),
  shows("revisions", msg("Show the revisions"), ["v r"]),
  shows("overview", msg("Show throughput and checkpoints"), ["v o"]),
  shows("model", msg("Show models and metrics"), ["v m"]),
  shows("state", msg("Show checkpoints, savepoints and restore points"), ["v k"]),
  shows("log", msg("Show the log"), ["v l"]),
  shows("problems", msg("Show the problems"), ["v p"]),
  shows("why", msg("Show why there is no output"), ["v w"]),
];
