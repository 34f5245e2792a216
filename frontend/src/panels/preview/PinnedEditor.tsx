import { ActionIcon, Button, Group, Modal } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import type { PreviewColumn } from "../../api/preview";
import { format } from "../../design";
import { plural, t } from "../../i18n";
import { type Draft, draftsOf, duplicated, emptyDraft, moved, readDrafts, wrongIn } from "./drafts";
import classes from "./preview.module.css";
import { type Objects, behindOf } from "./rows";

interface PinnedEditorProps {
  source: string;
  /** What stands above; where the rows are not pinned to the source. */
  title?: string;
  /** What is to be known of them, likewise. */
  note?: string;
  columns: readonly PreviewColumn[];
  rows: Objects;
  /** The column of event time, and by how many milliseconds a row may be late. */
  time: string | null;
  delay: number | null;
  onSave: (rows: Objects) => void;
  onClose: () => void;
}

/** The rows pinned to a source, in the order in which they arrive, as a grid that one types into. */
export function PinnedEditor({ source, title, note, columns, rows, time, delay, onSave, onClose }: PinnedEditorProps) {
  const [drafts, setDrafts] = useState<readonly Draft[]>(() => draftsOf(rows, columns));
  const wrong = drafts.some((draft) => columns.some((column, at) => wrongIn(column, draft.cells[at] ?? "")));
  const timeAt = columns.findIndex((column) => column.name === time);
  const behind = behindOf(drafts.map((draft) => draft.cells[timeAt]));
  const set = (at: number, column: number, text: string) =>
    setDrafts(drafts.map((draft, place) => (place === at ? { ...draft, cells: draft.cells.map((cell, i) => (i === column ? text : cell)) } : draft)));
  return (
    <Modal opened onClose={onClose} size="xl" title={title ?? t("Rows pinned to {source}", { source })} closeButtonProps={{ "aria-label": t("Close") }}>
      <p className="p-muted" style={{ margin: "0 0 8px", fontSize: 12 }}>
        {note ?? t("They arrive in this order. An empty field is NULL; a time is written 2024-05-01 10:00:00.")}
      </p>
      <div className={classes.editor}>
        <table className={classes.grid}>
          <thead>
            <tr>
              <th>#</th>
              {columns.map((column) => <th key={column.name} title={column.type}>{column.name}</th>)}
              {timeAt >= 0 ? <th>{t("Late by")}</th> : null}
              <th>{t("Row")}</th>
            </tr>
          </thead>
          <tbody>
            {drafts.map((draft, at) => (
              <tr key={draft.id}>
                <td className="p-muted">{at + 1}</td>
                {columns.map((column, i) => (
                  <td key={column.name}>
                    <input value={draft.cells[i] ?? ""} placeholder="NULL" aria-label={t("{column} of row {number}", { column: column.name, number: at + 1 })}
                      aria-invalid={wrongIn(column, draft.cells[i] ?? "")} spellCheck={false} inputMode={column.kind === "whole" || column.kind === "number" ? "decimal" : undefined}
                      onChange={(event) => set(at, i, event.currentTarget.value)} />
                  </td>
                ))}
                {timeAt >= 0 ? <td>{lateText(behind[at] ?? 0, delay)}</td> : null}
                <td>
                  <RowButtons number={at + 1} first={at === 0} last={at === drafts.length - 1}
                    onMove={(by) => setDrafts(moved(drafts, at, by))} onCopy={() => setDrafts(duplicated(drafts, at))} onDelete={() => setDrafts(drafts.filter((_, place) => place !== at))} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Group mt="sm" justify="space-between">
        <Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setDrafts([...drafts, emptyDraft(columns)])}>{t("Add a row")}</Button>
        <Group gap={8}>
          <span className="p-muted" style={{ fontSize: 12 }}>{plural(drafts.length, "{count} row", "{count} rows")}</span>
          <Button size="compact-sm" variant="default" onClick={onClose}>{t("Cancel")}</Button>
          <Button size="compact-sm" disabled={wrong} onClick={() => onSave(readDrafts(drafts, columns))}>{t("Keep these rows")}</Button>
        </Group>
      </Group>
    </Modal>
  );
}

/** By how much a row is behind the latest before it, and whether that is more than the source waits. */
function lateText(behind: number, delay: number | null) {
  if (behind <= 0) return <span className="p-muted">{t("in order")}</span>;
  const late = delay !== null && behind > delay;
  return <span className={classes.flag} data-tone={late ? "warning" : undefined}>{late ? t("{span}: too late", { span: format.duration(behind / 1000) }) : format.duration(behind / 1000)}</span>;
}

interface RowButtonsProps {
  number: number;
  first: boolean;
  last: boolean;
  onMove: (by: number) => void;
  onCopy: () => void;
  onDelete: () => void;
}

function RowButtons({ number, first, last, onMove, onCopy, onDelete }: RowButtonsProps) {
  const button = (label: string, icon: React.ReactNode, act: () => void, disabled = false) => (
    <ActionIcon size="sm" variant="subtle" color="gray" aria-label={label} title={label} onClick={act} disabled={disabled}>{icon}</ActionIcon>
  );
  return (
    <Group gap={0} wrap="nowrap">
      {button(t("Move row {number} up", { number }), <IconArrowUp size={14} />, () => onMove(-1), first)}
      {button(t("Move row {number} down", { number }), <IconArrowDown size={14} />, () => onMove(1), last)}
      {button(t("Duplicate row {number}", { number }), <IconCopy size={14} />, onCopy)}
      {button(t("Delete row {number}", { number }), <IconTrash size={14} />, onDelete)}
    </Group>
  );
}
