import { Button, Checkbox, Group, Modal } from "@mantine/core";
import { useState } from "react";

import { type Consent, type UpgradeReport, useGoOn, useUpgradeCheck } from "../../api/states";
import type { RunSummary } from "../../api/types";
import { ErrorNote, format, Tag, type Tone } from "../../design";
import { listed, msg, said, t } from "../../i18n";
import classes from "./panels.module.css";

type Verdict = UpgradeReport["verdicts"][number];

const TONES: Record<Verdict, Tone> = { kept: "good", migrated: "good", recomputed: "warning", lost: "bad", new: "neutral", removed: "neutral" };
const WORDS: Record<Verdict, string> = { kept: msg("kept"), migrated: msg("migrated"), recomputed: msg("recomputed"), lost: msg("lost"), new: msg("new"), removed: msg("removed") };
const ORDER: readonly Verdict[] = ["lost", "recomputed", "migrated", "new", "removed", "kept"];
const CONSENTS: Record<Consent, string> = {
  recomputed: msg("State that is made anew: the sources are read again from their start to where they stood"),
  lost: msg("State that begins empty: results lack what came before"),
};

interface UpgradeDialogProps {
  run: RunSummary;
  revision: number;
  onClose: () => void;
}

/** What becomes of a run's state under another revision, before anything happens; and the way to let it happen. */
export function UpgradeDialog({ run, revision, onClose }: UpgradeDialogProps) {
  const { data, error, isPending } = useUpgradeCheck(run.id, revision);
  const goOn = useGoOn();
  const [allowed, setAllowed] = useState<readonly Consent[]>([]);
  const needs = data?.needs ?? [];
  const start = () => goOn.mutate({ run: run.id, revision, allow: [...allowed] }, { onSuccess: onClose });
  return (
    <Modal closeButtonProps={{ "aria-label": t("Close") }} opened onClose={onClose} size="xl" title={t("Run {run} with revision {revision}", { run: run.id, revision })}>
      {isPending ? <p className="p-muted">{t("Comparing both programs")}</p> : null}
      <ErrorNote error={error ?? goOn.error} />
      {data ? <Verdicts report={data} /> : null}
      {needs.map((each) => (
        <Checkbox key={each} mt="sm" label={t(CONSENTS[each])} checked={allowed.includes(each)}
          onChange={(event) => setAllowed(event.currentTarget.checked ? [...allowed, each] : allowed.filter((one) => one !== each))} />
      ))}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>{t("Cancel")}</Button>
        <Button onClick={start} loading={goOn.isPending} disabled={!data || needs.some((each) => !allowed.includes(each))}
          title={needs.length ? t("Takes your consent to what is ticked above") : t("Nothing is lost")}>
          {t("Go on")}
        </Button>
      </Group>
    </Modal>
  );
}

function Verdicts({ report }: { report: UpgradeReport }) {
  const rows = [...report.operators].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  if (!rows.length) return <p>{t("No state is concerned: it goes on from where the sources stand.")}</p>;
  return (
    <div className={classes.rows} style={{ maxHeight: "50vh" }}>
      <table className={classes.table} aria-label={t("What becomes of the state")}>
        <thead><tr><th>{t("Node")}</th><th>{t("State")}</th><th>{t("Verdict")}</th><th>{t("Why")}</th></tr></thead>
        <tbody>
          {rows.map((each) => (
            <tr key={`${each.operator} ${each.before}`} className={classes.letter}>
              <td>{listed(each.nodes)}</td>
              <td title={said(each.what)}>{each.name}</td>
              <td><Tag tone={TONES[each.verdict]}>{t(WORDS[each.verdict])}</Tag></td>
              <td>{listed(each.reasons.map(said), ";")}{each.seconds === null ? null : <span className="p-muted"> {t("About {span}.", { span: format.duration(each.seconds) })}</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
