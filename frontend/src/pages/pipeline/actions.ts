/** What can be done on a pipeline's page, for palette, shortcuts and help. */

import type { Action, ActionContext } from "../../actions";

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

const GROUP = "Pipeline";

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

const shows = (tab: string, label: string, keys: string[]) => action(`show.${tab}`, `Show ${label}`, keys, (pipeline) => pipeline.show(tab));

export const PIPELINE_ACTIONS: readonly Action[] = [
  action("save", "Save the document", ["mod+s"], (pipeline) => pipeline.save(), ({ canEdit, dirty }) => canEdit && dirty),
  action("undo", "Undo", ["mod+z"], (pipeline) => pipeline.undo(), ({ canUndo }) => canUndo),
  action("redo", "Redo", ["mod+shift+z", "mod+y"], (pipeline) => pipeline.redo(), ({ canRedo }) => canRedo),
  action("new-run", "New run, from the beginning", ["mod+enter"], (pipeline) => pipeline.newRun(), ({ canRun }) => canRun),
  action("stop", "Stop the run, after a checkpoint", [], (pipeline) => pipeline.stop(), ({ canRun, active }) => canRun && active),
  shows("node", "the selected node", ["v n"]),
  shows("sql", "the SQL", ["v s"]),
  shows("document", "the document", ["v d"]),
  shows("revisions", "the revisions", ["v r"]),
  shows("overview", "throughput and checkpoints", ["v o"]),
  shows("model", "models and metrics", ["v m"]),
  shows("state", "checkpoints, savepoints and restore points", ["v k"]),
  shows("log", "the log", ["v l"]),
  shows("problems", "the problems", ["v p"]),
  shows("why", "why there is no output", ["v w"]),
];
