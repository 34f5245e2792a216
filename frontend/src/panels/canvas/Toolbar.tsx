import { ActionIcon, Tooltip } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";

import { type Action, actionOf, isEnabled, shownText, useRegistry } from "../../actions";
import { t } from "../../i18n";
import { useEditor, useEditorStore } from "../document/editor";
import { HISTORY_ICONS } from "./actions";
import classes from "./editing.module.css";
import { useSelection } from "./selection";
import { type Part, useShown } from "./shown";

const VIEW = ["components", "outline", "find", "-", "fit", "zoom-in", "zoom-out", "map"];
const EDIT = ["-", "add", "tidy", "-"];
const CHOSEN = ["delete", "disable", "group", "-"];

/** The actions that one wants at hand, and undo. All of them are in the menus, too. */
export function Toolbar({ canEdit }: { canEdit: boolean }) {
  const { actions, context } = useRegistry();
  const selection = useSelection();
  const shown = useShown((state) => state.parts);
  const some = selection.nodes.size + selection.parts.size + selection.edges.size > 0;
  const ids = canEdit ? [...VIEW, ...EDIT, ...(some ? CHOSEN : [])] : VIEW.filter((id) => id !== "components");
  return (
    <div className={classes.toolbar} role="toolbar" aria-label={t("Canvas")} key={actions.length}>
      {ids.map((id, i) => {
        const action = actionOf(`canvas.${id}`);
        if (id === "-") return <hr key={`line-${i}`} />;
        if (!action?.icon) return null;
        return <Tool key={id} label={labelWithKeys(t(action.label), action)} icon={action.icon} run={() => void action.run(context)} disabled={!isEnabled(action, context)}
          pressed={isPart(id) ? shown.has(id) : undefined} />;
      })}
      {canEdit ? <History /> : null}
    </div>
  );
}

const isPart = (id: string): id is Part => id === "components" || id === "outline" || id === "map";

function History() {
  const editor = useEditorStore();
  const past = useEditor((state) => state.history.past.at(-1)?.label);
  const future = useEditor((state) => state.history.future[0]?.label);
  const { undo, redo } = editor.getState();
  return (
    <>
      <Tool label={past ? t("Undo: {what} (Ctrl+Z)", { what: past }) : t("Nothing to undo")} icon={HISTORY_ICONS.undo} run={undo} disabled={!past} />
      <Tool label={future ? t("Redo: {what} (Ctrl+Shift+Z)", { what: future }) : t("Nothing to redo")} icon={HISTORY_ICONS.redo} run={redo} disabled={!future} />
    </>
  );
}

function labelWithKeys(label: string, { keys }: Action): string {
  return keys?.[0] ? `${label} (${shownText(keys[0])})` : label;
}

interface ToolProps {
  label: string;
  icon: Icon;
  run: () => void;
  disabled: boolean;
  pressed?: boolean;
}

function Tool({ label, icon: Icon, run, disabled, pressed }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon size="sm" aria-label={label} aria-pressed={pressed} onClick={run} disabled={disabled} variant={pressed ? "light" : "subtle"}>
        <Icon size={15} />
      </ActionIcon>
    </Tooltip>
  );
}
