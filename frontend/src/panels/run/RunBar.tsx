import { ActionIcon, Button, Menu, Modal } from "@mantine/core";
import { IconArrowUp, IconDotsVertical, IconPlayerPlay, IconPlayerStop, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { isFinal, useDeleteRun, useStartRun, useStopRun } from "../../api/runs";
import type { RunDetail, RunSummary } from "../../api/types";
import { Ago, Duration, ErrorNote, Progress, Rate, StatusBadge, Tag } from "../../design";
import { t } from "../../i18n";
import { isDirty, useEditor, useEditorStore } from "../document/editor";
import { useSaving } from "../document/keeping";
import classes from "./panels.module.css";
import { StartDialog } from "./StartDialog";
import { UpgradeDialog } from "./UpgradeDialog";

interface RunBarProps {
  run: RunSummary | null;
  detail: RunDetail | null;
  canRun: boolean;
  onRun: (run: number | null) => void;
  starting: boolean;
  onStarting: (open: boolean) => void;
}

/** What the run does, since when, by which revision; and what can be done about it. */
export function RunBar({ run, detail, canRun, onRun, starting, onStarting }: RunBarProps) {
  const start = useStartRun();
  const stop = useStopRun();
  const changed = useChanged(run);
  const editor = useEditorStore();
  const saved = useEditor((state) => state.revision);
  const dirty = useEditor(isDirty);
  const saving = useSaving();
  const [upgrading, setUpgrading] = useState<number | null>(null);
  const failed = start.error ?? stop.error ?? saving.error;
  const goOn = async () => {
    if (dirty && !(await saving.mutateAsync(t("before a run")))) return; // what goes on is what one sees
    setUpgrading(editor.getState().revision);
  };
  const [seen, setSeen] = useState<unknown>(null);
  return (
    <div className={classes.runbar}>
      <StatusBadge status={run?.status} reason={run?.reason?.message} />
      {run ? <Facts run={run} changed={changed} /> : <span className="p-muted">This pipeline has not run yet.</span>}
      <span style={{ flex: 1 }} />
      {run && !isFinal(run.status) ? (
        <Button variant="default" leftSection={<IconPlayerStop size={14} />} onClick={() => stop.mutate(run.id)} disabled={!canRun || run.desired === "STOPPED"}
          loading={stop.isPending} title="Takes a checkpoint, then ends; it can go on from there">
          Stop
        </Button>
      ) : null}
      {run && (run.status === "STOPPED" || run.status === "FAILED") ? (
        <Button variant={changed ? "default" : "filled"} leftSection={<IconPlayerPlay size={14} />} onClick={() => start.mutate(run.id)} disabled={!canRun}
          loading={start.isPending} title={`Run ${run.id}, revision ${run.revision}, goes on from its last checkpoint`}>
          Resume
        </Button>
      ) : null}
      {run && changed && (run.status === "STOPPED" || run.status === "FAILED") ? (
        <Button variant="filled" leftSection={<IconArrowUp size={14} />} onClick={() => void goOn().catch(() => undefined)} disabled={!canRun} loading={saving.isPending}
          title="Goes on from its last checkpoint with the saved document; says first what becomes of its state">
          {dirty ? t("Go on with what is drawn") : t("Go on with revision {revision}", { revision: saved })}
        </Button>
      ) : null}
      {!run || isFinal(run.status) ? (
        <Button variant={run && run.status !== "FINISHED" && !changed ? "default" : "filled"} leftSection={<IconPlus size={14} />} onClick={() => onStarting(true)}
          disabled={!canRun} title="Starts the saved document, from the beginning of its input">
          {run ? "New run" : "Start"}
        </Button>
      ) : null}
      <More run={run} canRun={canRun} onRun={onRun} onNew={() => onStarting(true)} />
      {starting ? <StartDialog last={detail} onClose={() => onStarting(false)} onStarted={onRun} /> : null}
      {run && upgrading !== null ? <UpgradeDialog run={run} revision={upgrading} onClose={() => setUpgrading(null)} /> : null}
      <Modal closeButtonProps={{ "aria-label": "Close" }} opened={failed !== null && failed !== seen} onClose={() => setSeen(failed)} title="That did not work">
        <ErrorNote error={failed} />
      </Modal>
    </div>
  );
}

/** Whether the document says something else than the revision that runs. */
function useChanged(run: RunSummary | null): boolean {
  const revision = useEditor((state) => state.revision);
  const dirty = useEditor(isDirty);
  return run !== null && (dirty || run.revision !== revision);
}

function Facts({ run, changed }: { run: RunSummary; changed: boolean }) {
  const active = !isFinal(run.status);
  return (
    <div className={classes.runfacts}>
      <span title="How long its status is what it is">since <Ago at={run.since} short /></span>
      <span title="The revision that runs">run {run.id}, revision {run.revision}</span>
      {changed ? <Tag tone="warning" title="What runs is not what the document says now: start a new run for that.">document changed since</Tag> : null}
      {active ? <span title="Rows read a second"><Rate value={run.rates?.rows_in} /></span> : null}
      {active && run.lag_seconds !== null ? <span title="How far event time is behind the clock">lag <Duration value={run.lag_seconds} /></span> : null}
      {run.restarts ? <span title="Starts after a failure, since a person last started it">{run.restarts} {run.restarts === 1 ? "restart" : "restarts"}</span> : null}
      {(run.attempt ?? 1) > 1 ? <span title="Processes that have worked on it">attempt {run.attempt}</span> : null}
      {run.progress !== null && active ? <Progress value={run.progress} label="Part of the input that was read" width={80} /> : null}
    </div>
  );
}

interface MoreProps {
  run: RunSummary | null;
  canRun: boolean;
  onRun: (run: number | null) => void;
  onNew: () => void;
}

function More({ run, canRun, onRun, onNew }: MoreProps) {
  const remove = useDeleteRun();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label="More about runs"><IconDotsVertical size={16} /></ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPlus size={14} />} disabled={!canRun} onClick={onNew}>New run, from the beginning</Menu.Item>
          <Menu.Item leftSection={<IconTrash size={14} />} color="red" disabled={!canRun || !run || !isFinal(run.status)} onClick={() => setAsking(true)}>
            Delete run {run?.id ?? ""}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal closeButtonProps={{ "aria-label": "Close" }} opened={asking} onClose={() => setAsking(false)} title={`Delete run ${run?.id ?? ""}?`}>
        <p>Its checkpoints, models, results, logs and history go with it. This cannot be undone.</p>
        <ErrorNote error={remove.error} />
        <div style={{ display: "flex", justifyContent: "flex-end", gap: 8, marginTop: 12 }}>
          <Button variant="default" onClick={() => setAsking(false)}>Keep it</Button>
          <Button color="red" loading={remove.isPending} onClick={() => run && remove.mutate(run.id, { onSuccess: () => { setAsking(false); onRun(null); } })}>
            Delete
          </Button>
        </div>
      </Modal>
    </>
  );
}
