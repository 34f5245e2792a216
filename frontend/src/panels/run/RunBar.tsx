import { ActionIcon, Button, Menu, Modal } from "@mantine/core";
import { IconArrowUp, IconDotsVertical, IconPlayerPlay, IconPlayerStop, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { isFinal, useDeleteRun, useStartRun, useStopRun } from "../../api/runs";
import type { RunDetail, RunSummary } from "../../api/types";
import { Ago, ErrorNote, Progress, Rate, StatusBadge, Tag } from "../../design";
import { plural, t } from "../../i18n";
import { isDirty, useEditor, useEditorStore } from "../document/editor";
import { useSaving } from "../document/keeping";
import { LagText } from "./LagText";
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
      {run ? <Facts run={run} changed={changed} /> : <span className="p-muted">{t("This pipeline has not run yet.")}</span>}
      <span style={{ flex: 1 }} />
      {run && !isFinal(run.status) ? (
        <Button variant="default" leftSection={<IconPlayerStop size={14} />} onClick={() => stop.mutate(run.id)} disabled={!canRun || run.desired === "STOPPED"}
          loading={stop.isPending} title={t("Takes a checkpoint, then ends; it can go on from there")}>
          {t("Stop")}
        </Button>
      ) : null}
      {run && (run.status === "STOPPED" || run.status === "FAILED") ? (
        <Button variant={changed ? "default" : "filled"} leftSection={<IconPlayerPlay size={14} />} onClick={() => start.mutate(run.id)} disabled={!canRun}
          loading={start.isPending} title={t("Run {run}, revision {revision}, goes on from its last checkpoint", { run: run.id, revision: run.revision })}>
          {t("Resume")}
        </Button>
      ) : null}
      {run && changed && (run.status === "STOPPED" || run.status === "FAILED") ? (
        <Button variant="filled" leftSection={<IconArrowUp size={14} />} onClick={() => void goOn().catch(() => undefined)} disabled={!canRun} loading={saving.isPending}
          title={t("Goes on from its last checkpoint with the saved document; says first what becomes of its state")}>
          {dirty ? t("Go on with what is drawn") : t("Go on with revision {revision}", { revision: saved })}
        </Button>
      ) : null}
      {!run || isFinal(run.status) ? (
        <Button variant={run && run.status !== "FINISHED" && !changed ? "default" : "filled"} leftSection={<IconPlus size={14} />} onClick={() => onStarting(true)}
          disabled={!canRun} title={t("Starts the saved document, from the beginning of its input")}>
          {run ? t("New run") : t("Start")}
        </Button>
      ) : null}
      <More run={run} canRun={canRun} onRun={onRun} onNew={() => onStarting(true)} />
      {starting ? <StartDialog last={detail} onClose={() => onStarting(false)} onStarted={onRun} /> : null}
      {run && upgrading !== null ? <UpgradeDialog run={run} revision={upgrading} onClose={() => setUpgrading(null)} /> : null}
      <Modal closeButtonProps={{ "aria-label": t("Close") }} opened={failed !== null && failed !== seen} onClose={() => setSeen(failed)} title={t("That did not work")}>
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
      <span title={t("How long its status is what it is")}>{t("since")} <Ago at={run.since} short /></span>
      <span title={t("The revision that runs")}>{t("run {run}, revision {revision}", { run: run.id, revision: run.revision })}</span>
      {changed ? <Tag tone="warning" title={t("What runs is not what the document says now: start a new run for that.")}>{t("document changed since")}</Tag> : null}
      {active ? <span title={t("Rows read a second")}><Rate value={run.rates?.rows_in} /></span> : null}
      {active && run.lag_seconds !== null ? <span>{t("lag")} <LagText run={run} /></span> : null}
      {run.restarts ? <span title={t("Starts after a failure, since a person last started it")}>{plural(run.restarts, "{count} restart", "{count} restarts")}</span> : null}
      {(run.attempt ?? 1) > 1 ? <span title={t("Processes that have worked on it")}>{t("attempt {attempt}", { attempt: run.attempt ?? 1 })}</span> : null}
      {run.progress !== null && active ? <Progress value={run.progress} label={t("Part of the input that was read")} width={80} /> : null}
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
          <ActionIcon aria-label={t("More about runs")}><IconDotsVertical size={16} /></ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPlus size={14} />} disabled={!canRun} onClick={onNew}>{t("New run, from the beginning")}</Menu.Item>
          <Menu.Item leftSection={<IconTrash size={14} />} color="red" disabled={!canRun || !run || !isFinal(run.status)} onClick={() => setAsking(true)}>
            {t("Delete run {run}", { run: run?.id ?? "" })}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal closeButtonProps={{ "aria-label": t("Close") }} opened={asking} onClose={() => setAsking(false)} title={t("Delete run {run}?", { run: run?.id ?? "" })}>
        <p>{t("Its checkpoints, models, results, logs and history go with it. This cannot be undone.")}</p>
        <ErrorNote error={remove.error} />
        <div style={{ display: "flex", justifyContent: "flex-end", gap: 8, marginTop: 12 }}>
          <Button variant="default" onClick={() => setAsking(false)}>{t("Keep it")}</Button>
          <Button color="red" loading={remove.isPending} onClick={() => run && remove.mutate(run.id, { onSuccess: () => { setAsking(false); onRun(null); } })}>
            {t("Delete")}
          </Button>
        </div>
      </Modal>
    </>
  );
}
