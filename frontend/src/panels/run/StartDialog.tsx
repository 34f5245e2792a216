import { Button, Group, Modal, NumberInput, TextInput } from "@mantine/core";
import { useState } from "react";

import { useCreateRun } from "../../api/runs";
import type { RunDetail, RunOptions } from "../../api/types";
import { ErrorNote, Note } from "../../design";
import { listed, msg, t } from "../../i18n";
import { isDirty, useEditor } from "../document/editor";
import { useSaving } from "../document/keeping";

const OPTIONS = [
  { name: "rate", label: msg("Rows a second, at most"), help: msg("slows sources down; empty: as fast as it goes"), low: 0.001, high: 1e12, whole: false, unit: 1 },
  { name: "shards", label: msg("Shards"), help: msg("threads that share the keys; empty: as the document says"), low: 1, high: 128, whole: true, unit: 1 },
  { name: "memory", label: msg("Memory in MB, at most"), help: msg("beyond it the run fails, and says which node holds most; empty: as the project says"), low: 68, high: 1e9, whole: true, unit: 1e6 },
  { name: "cpu", label: msg("Cores, at most"), help: msg("empty: as the project says"), low: 0.05, high: 4096, whole: false, unit: 1 },
  { name: "checkpoint_interval", label: msg("Seconds between checkpoints"), help: msg("empty: as the document says"), low: 0.1, high: 86400, whole: false, unit: 1 },
] as const;

interface StartDialogProps {
  /** The run before: its parameters and options are proposed. */
  last: RunDetail | null;
  onClose: () => void;
  onStarted: (run: number) => void;
}

/** A new run, from the beginning of its input: its parameters and how it works. */
export function StartDialog({ last, onClose, onStarted }: StartDialogProps) {
  const pipeline = useEditor((state) => state.pipeline);
  const declared = useEditor((state) => state.model.parameters);
  const revision = useEditor((state) => state.revision);
  const dirty = useEditor(isDirty);
  const create = useCreateRun();
  const saving = useSaving();
  const [parameters, setParameters] = useState<Record<string, string>>(() => last?.parameters ?? {});
  const [options, setOptions] = useState<RunOptions>(() => last?.options ?? {});
  const missing = declared.filter((each) => each.default === null && !parameters[each.name]);
  const start = async () => {
    if (dirty && !(await saving.mutateAsync(t("before a run")))) return onClose(); // what runs is what one sees
    const known = declared.map((each) => each.name);
    const given = Object.fromEntries(Object.entries(parameters).filter(([name, value]) => value !== "" && known.includes(name)));
    create.mutate({ pipeline, parameters: given, options: set(options) }, { onSuccess: (run) => { onStarted(run.id); onClose(); } });
  };
  return (
    <Modal closeButtonProps={{ "aria-label": t("Close") }} opened onClose={onClose} title={dirty ? t("Start what is drawn") : t("Start revision {revision}", { revision })} size="md">
      <form onSubmit={(event) => { event.preventDefault(); void start().catch(() => undefined); }}>
        {dirty ? <Note>{t("What you edited since revision {revision} becomes a revision first: what starts is what you see.", { revision })}</Note> : null}
        {declared.map((each) => (
          <TextInput key={each.name} mt="sm" label={each.name} description={each.description} required={each.default === null}
            placeholder={each.default ?? t("no default")} value={parameters[each.name] ?? ""}
            onChange={(event) => setParameters({ ...parameters, [each.name]: event.currentTarget.value })} />
        ))}
        {OPTIONS.map((each) => (
          <NumberInput key={each.name} mt="sm" label={t(each.label)} description={t(each.help)} min={each.low} max={each.high} allowDecimal={!each.whole}
            thousandSeparator="," value={Number(options[each.name] ?? NaN) / each.unit || ""}
            onChange={(value) => setOptions({ ...options, [each.name]: typeof value === "number" ? value * each.unit : null })} />
        ))}
        <div style={{ marginTop: 12 }}><ErrorNote error={create.error ?? saving.error} /></div>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>{t("Cancel")}</Button>
          <Button type="submit" loading={saving.isPending || create.isPending} disabled={missing.length > 0}
            title={missing.length ? t("{names} need a value", { names: listed(missing.map((each) => each.name)) }) : undefined}>
            {t("Start")}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

function set(options: RunOptions): RunOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined));
}
