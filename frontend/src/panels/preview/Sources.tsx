import { Button, NativeSelect, Popover, TextInput } from "@mantine/core";
import { IconDatabase } from "@tabler/icons-react";
import { useState } from "react";

import { type PreviewAnswer, type PreviewSample, preview } from "../../api/preview";
import { Ago, ErrorNote } from "../../design";
import { about, msg, plural, t } from "../../i18n";
import { textOf, useEditor, useEditorStore } from "../document/editor";
import { samplesOf } from "./asking";
import { PINNED, pin, sampleFile, unpin } from "./commands";
import { PinnedEditor } from "./PinnedEditor";
import classes from "./preview.module.css";
import { type Objects, objectsOf, spanOf } from "./rows";
import { type Begin, readAgain, sampleFrom, usePreview } from "./store";

interface SourcesProps {
  answer: PreviewAnswer;
  project: string;
  /** The pipeline's run, if it has one. */
  run: number | null;
  canEdit: boolean;
}

/** Where the rows of the preview come from, and what may be done about it. */
export function Sources({ answer, project, run, canEdit }: SourcesProps) {
  const begins = usePreview((state) => state.begins);
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<{ source: string; table: PreviewAnswer["output"] } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const editor = useEditorStore();
  const model = useEditor((state) => state.model);
  const unread = model.nodes.filter((node) => node.component === "event_source" && node.id in answer.nodes && !(node.id in answer.samples)).map((node) => node.id);
  const names = [...Object.keys(answer.samples), ...unread];
  const kept = (source: string) => model.samples.find((each) => each.node === source);
  const rowsHere = (source: string): Objects | null => (kept(source)?.file ? null : kept(source)?.rows ?? null);
  const fetch = async (source: string) => {
    const found = await preview({ project, document: textOf(editor.getState()), node: source, samples: samplesOf(begins) });
    if (!found.output) throw new Error(found.error?.message ?? t("The source has no rows to show."));
    return found.output;
  };
  const guarded = (act: () => Promise<void>) => {
    setError(null);
    act().catch(setError);
  };
  const pinNow = (source: string) => guarded(async () => {
    const table = await fetch(source);
    editor.getState().change(pin(editor.getState().model, source, objectsOf(table, PINNED)), t("Pin rows to {source}", { source }));
  });
  const edit = (source: string) => guarded(async () => {
    setEditing({ source, table: await fetch(source) });
    setOpen(false);
  });
  const keepRows = (source: string, rows: Objects) => {
    editor.getState().change(pin(editor.getState().model, source, rows), t("Edit the rows pinned to {source}", { source }));
    setEditing(null);
  };
  const editedNode = model.nodes.find((node) => node.id === editing?.source);
  if (!names.length) return null;
  return (
    <>
      <Popover opened={open} onChange={setOpen} position="top-start" shadow="md" trapFocus returnFocus withinPortal>
        <Popover.Target>
          <Button size="compact-xs" variant="default" leftSection={<IconDatabase size={13} aria-hidden />} onClick={() => setOpen(!open)} aria-expanded={open}>
            {summary(answer, names)}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label={t("Samples of the sources")}>
          <div className={classes.sources}>
            {names.map((source) => (
              <SourceRow key={source} source={source} sample={answer.samples[source]} pinned={rowsHere(source)?.length ?? null} file={kept(source)?.file?.path ?? null} canEdit={canEdit}
                onFile={(path) => editor.getState().change(sampleFile(editor.getState().model, source, path), t("Take the sample of {source} from a file", { source }))}
                run={run} begin={begins[source] ?? null} isDimension={model.nodes.find((node) => node.id === source)?.component === "dimension_table"} onBegin={(chosen) => sampleFrom(source, chosen)} onRead={() => readAgain([source])} onPin={() => pinNow(source)} onEdit={() => edit(source)}
                onUnpin={() => editor.getState().change(unpin(editor.getState().model, source), t("Unpin the rows of {source}", { source }))} />
            ))}
          </div>
          {error ? <ErrorNote error={error} /> : null}
        </Popover.Dropdown>
      </Popover>
      {editing?.table ? (
        <PinnedEditor source={editing.source} columns={editing.table.columns.filter((column) => column.time !== "PROCTIME" && !(column.name in computedOf(editedNode?.properties)))}
          rows={rowsHere(editing.source) ?? objectsOf(editing.table, PINNED)} time={editing.table.time?.column ?? null}
          delay={spanOf(editedNode?.properties.delay ?? "1 second")} onSave={(rows) => keepRows(editing.source, rows)} onClose={() => setEditing(null)} />
      ) : null}
    </>
  );
}

function computedOf(properties: Record<string, unknown> | undefined): object {
  const computed = properties?.computed;
  return typeof computed === "object" && computed !== null ? computed : {};
}

function summary(answer: PreviewAnswer, names: readonly string[]): string {
  const rows = names.reduce((sum, name) => sum + (answer.samples[name]?.rows ?? 0), 0);
  return t("{rows} of {sources}", { rows: plural(rows, "{count} row", "{count} rows"), sources: plural(names.length, "{count} source", "{count} sources") });
}

interface SourceRowProps {
  source: string;
  sample: PreviewSample | undefined;
  pinned: number | null;
  /** The file that its rows are taken from. */
  file: string | null;
  run: number | null;
  /** Where it was said to begin. */
  begin: Begin | null;
  isDimension: boolean;
  canEdit: boolean;
  onFile: (path: string) => void;
  onBegin: (begin: Begin) => void;
  onRead: () => void;
  onPin: () => void;
  onEdit: () => void;
  onUnpin: () => void;
}

function SourceRow({ source, sample, pinned, file, run, begin, isDimension, canEdit, onFile, onBegin, onRead, onPin, onEdit, onUnpin }: SourceRowProps) {
  const isPinned = sample?.kind === "pinned" && file === null;
  return (
    <>
      <h4>{source}</h4>
      <span className="p-muted">
        {plural(sample?.rows ?? 0, "{count} row", "{count} rows")} ·{" "}
        {!sample ? t("not read") : isPinned ? t("pinned") : sample?.kind === "empty" ? t("nothing is in it yet") : <>{t(READ[sample?.kind ?? ""] ?? msg("read"))} <Ago at={sample?.taken_at ?? null} /></>}
        {sample?.missed ? <> · {t("it cannot begin at its end: these are the rows that it gave first")}</> : null}
        {isDimension && sample ? <> · {lookedText(sample)}</> : null}
        {sample?.unreadable ? <> · {about(plural(sample.unreadable, "{count} record cannot be read", "{count} records cannot be read"), sample.dead[0]?.reason ?? "")}</> : null}
      </span>
      <span className={classes.buttons}>
        {isPinned ? null : <Button size="compact-xs" variant="default" onClick={onRead}>{t("Read again")}</Button>}
        {isPinned || file !== null || isDimension ? null : <BeginSelect source={source} begin={begin ?? (sample?.kind === "newest" ? "newest" : "first")} run={run} onBegin={onBegin} />}
        {isPinned ? null : <Button size="compact-xs" variant="default" disabled={!canEdit || !sample?.rows} onClick={onPin}>{t("Pin the first {count}", { count: Math.min(PINNED, sample?.rows ?? 0) })}</Button>}
        <Button size="compact-xs" variant="default" disabled={!canEdit} onClick={onEdit}>{pinned === null ? t("Pin and edit") : t("Edit rows")}</Button>
        {pinned === null && file === null ? null : <Button size="compact-xs" variant="default" disabled={!canEdit} onClick={onUnpin}>{file === null ? t("Unpin") : t("Not from the file")}</Button>}
      </span>
      {pinned === null ? <FileField key={file} source={source} file={file} canEdit={canEdit} onFile={onFile} /> : null}
    </>
  );
}

const READ: Readonly<Record<string, string>> = { newest: msg("the newest, read"), recorded: msg("from where the run stood, read") };

/** In how much of a dimension's file the sample's keys were looked for. */
function lookedText(sample: PreviewSample): string {
  if (sample.looked === null) return sample.more ? t("the first of its file") : t("all that it has");
  const looked = plural(sample.looked, "the sample's keys were looked for in {count} row", "the sample's keys were looked for in {count} rows");
  return sample.more ? `${looked} · ${t("its file has more")}` : looked;
}

/** Where a source's sample begins. */
function BeginSelect({ source, begin, run, onBegin }: { source: string; begin: Begin; run: number | null; onBegin: (begin: Begin) => void }) {
  const known = typeof begin === "number" ? begin : run;
  const data = [
    { value: "first", label: t("First rows") },
    { value: "newest", label: t("Newest rows") },
    ...(known === null ? [] : [{ value: String(known), label: t("From run {run}", { run: known }) }]),
  ];
  return (
    <NativeSelect size="xs" data={data} value={String(begin)} aria-label={t("Where the sample of {source} begins", { source })}
      title={t("The first rows of a source, the newest that it has, or what a run read since the oldest checkpoint that it keeps")}
      onChange={({ currentTarget: { value } }) => onBegin(value === "first" || value === "newest" ? value : Number(value))} />
  );
}

/** A file on the platform's machine, in the folders that its environment allows. */
function FileField({ source, file, canEdit, onFile }: Pick<SourceRowProps, "source" | "file" | "canEdit" | "onFile">) {
  const [path, setPath] = useState(file ?? "");
  return (
    <form className={classes.buttons} onSubmit={(event) => { event.preventDefault(); if (path.trim()) onFile(path.trim()); }}>
      <TextInput size="xs" flex={1} disabled={!canEdit} value={path} onChange={(event) => setPath(event.currentTarget.value)} placeholder={t("a file with rows: JSON lines or CSV")}
        aria-label={t("File with sample rows of {source}", { source })} />
      <Button size="compact-xs" type="submit" variant="default" disabled={!canEdit || !path.trim() || path.trim() === file}>{t("Take it from the file")}</Button>
    </form>
  );
}
