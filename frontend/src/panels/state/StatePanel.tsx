import { Button, Checkbox, NumberInput, TextInput } from "@mantine/core";
import { IconBookmark, IconDownload } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";

import { isFinal } from "../../api/runs";
import { type CheckpointItem, type Chosen, type Savepoint, supportUrl, useRunState, useSavepoints, useStates } from "../../api/states";
import type { RunSummary } from "../../api/types";
import { Ago, ConfirmButton, Empty, ErrorNote, format, Tag } from "../../design";
import { listed, plural, said, t } from "../../i18n";
import { useEditor } from "../document/editor";
import classes from "../run/panels.module.css";
import { Contents } from "./Contents";

interface StatePanelProps {
  run: RunSummary | null;
  canRun: boolean;
  canEdit: boolean;
  onRun: (run: number) => void;
  onSelect: (node: string) => void;
}

/** What the pipeline remembers: checkpoints of the run, savepoints and restore points; kept, looked into, gone back to. */
export function StatePanel({ run, canRun, canEdit, onRun, onSelect }: StatePanelProps) {
  const pipeline = useEditor((state) => state.pipeline);
  const states = useStates(pipeline);
  const kept = useSavepoints(pipeline);
  const { data: own } = useRunState(run?.id ?? null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const savepoints = kept.data?.results ?? [];
  const checkpoints = own?.checkpoints ?? [];
  const failed = states.make.error ?? states.restore.error ?? states.rollBack.error ?? states.remove.error ?? states.rescale.error;
  const begun = { onSuccess: (made: RunSummary) => onRun(made.id) };
  return (
    <div className={classes.column}>
      {run ? <Tools run={run} canRun={canRun} states={states} /> : null}
      <ErrorNote error={failed ?? kept.error} />
      <div className={classes.rows}>
        {!savepoints.length && !checkpoints.length ? (
          <Empty title={t("No state yet")}>{t("Once the pipeline runs it takes checkpoints, and goes on from the last one after a failure. A savepoint keeps one for as long as you want it.")}</Empty>
        ) : (
          <table className={classes.table} aria-label={t("States")}>
            <thead><tr><th>{t("State")}</th><th>{t("Made")}</th><th>{t("Revision")}</th><th>{t("Size")}</th><th>{t("Keys")}</th><th>{t("What can be done")}</th></tr></thead>
            <tbody>
              {savepoints.map((one) => (
                <SavepointRow key={one.id} one={one} open={() => setChosen({ savepoint: one.id })}>
                  {one.state === "READY" ? (
                    <>
                      <ConfirmButton size="compact-xs" variant="default" disabled={!canEdit} confirm={t("Roll back")} onConfirm={() => states.rollBack.mutate(one.id, begun)}
                        question={t("Document, state, models and configuration as they were in '{name}'? What runs is stopped first; nothing of it is deleted.", { name: one.name })}>
                        {t("Roll back")}
                      </ConfirmButton>
                      <Button size="compact-xs" variant="default" disabled={!canRun} onClick={() => states.restore.mutate(one.id, begun)} title={t("A new run that begins with it, beside whatever runs")}>
                        {t("Start from it")}
                      </Button>
                    </>
                  ) : null}
                  <ConfirmButton size="compact-xs" variant="subtle" color="red" disabled={!canRun || one.state === "MAKING"} confirm={t("Delete")} question={t("Delete '{name}'? It cannot be brought back.", { name: one.name })}
                    onConfirm={() => states.remove.mutate(one.id)}>
                    {t("Delete")}
                  </ConfirmButton>
                </SavepointRow>
              ))}
              {run ? checkpoints.map((one) => <CheckpointRow key={one.epoch} one={one} run={run} open={() => setChosen({ run: run.id, epoch: one.epoch })} />) : null}
            </tbody>
          </table>
        )}
        {chosen ? <Contents chosen={chosen} onSelect={onSelect} onClose={() => setChosen(null)} /> : null}
      </div>
    </div>
  );
}

function Tools({ run, canRun, states }: { run: RunSummary; canRun: boolean; states: ReturnType<typeof useStates> }) {
  const [name, setName] = useState("");
  const [restorePoint, setRestorePoint] = useState(true);
  const [shards, setShards] = useState<number | "">("");
  const keep = () => states.make.mutate({ run: run.id, name, restorePoint }, { onSuccess: () => setName("") });
  return (
    <div className={classes.bar}>
      <form style={{ display: "contents" }} onSubmit={(event) => { event.preventDefault(); keep(); }}>
        <TextInput w={190} placeholder={t("name, or one is made up")} aria-label={t("Name of the savepoint")} value={name} onChange={(event) => setName(event.currentTarget.value)} pattern="[a-z0-9][a-z0-9\-]*" title={t("small letters, digits and dashes")} />
        <Checkbox label={t("restore point")} checked={restorePoint} onChange={(event) => setRestorePoint(event.currentTarget.checked)} title={t("You mean to come back to it: document, state, models and configuration")} />
        <Button type="submit" variant="default" leftSection={<IconBookmark size={14} />} disabled={!canRun} loading={states.make.isPending}>{t("Keep the state")}</Button>
      </form>
      <span style={{ flex: 1 }} />
      <form style={{ display: "contents" }} onSubmit={(event) => { event.preventDefault(); if (shards !== "") states.rescale.mutate({ run: run.id, shards }, { onSuccess: () => setShards("") }); }}>
        <NumberInput w={96} min={1} max={128} allowDecimal={false} placeholder={t("shards")} aria-label={t("Shards")} value={shards} onChange={(value) => setShards(typeof value === "number" ? value : "")} />
        <Button type="submit" variant="default" disabled={!canRun || shards === "" || run.status === "FINISHED"} loading={states.rescale.isPending}
          title={isFinal(run.status) ? t("It will go on in so many shards") : t("Takes a checkpoint, and goes on from it in so many shards")}>
          {t("Rescale")}
        </Button>
      </form>
      <Button component="a" href={supportUrl(run.id)} download variant="default" leftSection={<IconDownload size={14} />} disabled={!canRun} title={t("Plan, metrics, log and manifests for somebody who helps: no rows, no secrets")}>
        {t("Support bundle")}
      </Button>
    </div>
  );
}

function SavepointRow({ one, open, children }: { one: Savepoint; open: () => void; children: ReactNode }) {
  return (
    <tr>
      <td>
        <button type="button" className={classes.link} disabled={one.state !== "READY"} onClick={open}>{one.name}</button>{" "}
        <Tag tone={one.restore_point ? "good" : "neutral"}>{one.restore_point ? t("restore point") : t("savepoint")}</Tag>{" "}
        {one.state === "MAKING" ? <Tag tone="waiting">{t("being made")}</Tag> : null}
        {one.state === "FAILED" ? <Tag tone="bad" title={one.error?.hint ?? undefined}>{one.error?.message ? said(one.error.message) : t("could not be made")}</Tag> : null}
      </td>
      <td className="p-muted"><Ago at={one.made_at ?? one.created_at} />{one.user ? ` ${t("by {user}", { user: one.user })}` : ""}</td>
      <td>{one.revision}{one.run === null ? "" : <span className="p-muted">{t(", run {run}", { run: one.run })}</span>}</td>
      <td>{format.bytes(one.bytes)}</td>
      <td>{format.number(one.keys)}</td>
      <td><span style={{ display: "inline-flex", gap: 6 }}>{children}</span></td>
    </tr>
  );
}

function CheckpointRow({ one, run, open }: { one: CheckpointItem; run: RunSummary; open: () => void }) {
  return (
    <tr>
      <td><button type="button" className={classes.link} onClick={open}>{t("checkpoint {epoch}", { epoch: one.epoch })}</button> <span className="p-muted">{listed([t("of run {run}", { run: run.id }), ...(one.shards ? [plural(one.shards, "{count} shard", "{count} shards")] : [])])}</span></td>
      <td className="p-muted"><Ago at={one.at} /></td>
      <td>{run.revision}</td>
      <td>{format.bytes(one.bytes)}</td>
      <td />
      <td className="p-muted">{t("what it goes on from")}</td>
    </tr>
  );
}
