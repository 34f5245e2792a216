import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp, IconFocusCentered, IconLayoutDistributeHorizontal, IconList, IconMap2, IconMinus, IconPlus } from "@tabler/icons-react";
import { useReactFlow } from "@xyflow/react";

import { t } from "../../i18n";
import { useEditor, useEditorStore } from "../document/editor";
import classes from "./canvas.module.css";
import { FIT } from "./viewport";

interface ToolbarProps {
  outline: boolean;
  setOutline: (shown: boolean) => void;
  map: boolean;
  setMap: (shown: boolean) => void;
  canEdit: boolean;
}

interface Tool {
  label: string;
  icon: typeof IconList;
  run: () => void;
  on?: boolean;
  off?: boolean;
}

export function Toolbar({ outline, setOutline, map, setMap, canEdit }: ToolbarProps) {
  const flow = useReactFlow();
  const editor = useEditorStore();
  const past = useEditor((state) => state.history.past.at(-1)?.label);
  const future = useEditor((state) => state.history.future[0]?.label);
  const layout = useEditor((state) => state.history.pipeline.layout);
  const { change, undo, redo } = editor.getState();
  const tidy = () => change({ kind: "move_nodes", positions: Object.fromEntries(Object.keys(layout).map((node) => [node, null])) }, t("Tidy up"));
  const tools: Tool[] = [
    { label: t("Outline"), icon: IconList, run: () => setOutline(!outline), on: outline },
    { label: t("Fit to view (0)"), icon: IconFocusCentered, run: () => void flow.fitView(FIT) },
    { label: t("Zoom in (+)"), icon: IconPlus, run: () => void flow.zoomIn() },
    { label: t("Zoom out (-)"), icon: IconMinus, run: () => void flow.zoomOut() },
    { label: t("Map"), icon: IconMap2, run: () => setMap(!map), on: map },
    ...(canEdit ? [
      { label: t("Tidy up: place all nodes anew"), icon: IconLayoutDistributeHorizontal, run: tidy, off: !Object.keys(layout).length },
      { label: past ? t("Undo: {what} (Ctrl+Z)", { what: past }) : t("Nothing to undo"), icon: IconArrowBackUp, run: undo, off: !past },
      { label: future ? t("Redo: {what} (Ctrl+Shift+Z)", { what: future }) : t("Nothing to redo"), icon: IconArrowForwardUp, run: redo, off: !future },
    ] : []),
  ];
  return (
    <div className={classes.tools} role="toolbar" aria-label={t("Canvas")}>
      {tools.map(({ label, icon: Icon, run, on, off }) => (
        <Tooltip key={label} label={label}>
          <ActionIcon size="sm" aria-label={label} aria-pressed={on} onClick={run} disabled={off} variant={on ? "light" : "subtle"}>
            <Icon size={15} />
          </ActionIcon>
        </Tooltip>
      ))}
    </div>
  );
}
