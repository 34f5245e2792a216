import { Button, Checkbox, Group, Modal } from "@mantine/core";
import { useState } from "react";

import { type Consent, type UpgradeReport, useGoOn, useUpgradeCheck } from "../../api/states";
import type { RunSummary } from "../../api/types";
import { ErrorNote, format, Tag, type Tone } from "../../design";
import classes from "./panels.module.css";

type Verdict = UpgradeReport["verdicts"][number];

const TONES: Record<Verdict, Tone> = { kept: "good", migrated: "good", recomputed: "warning", lost: "bad", new: "neutral", removed: "neutral" };
const ORDER: readonly Verdict[] = ["lost", "recomputed", "migrated", "new", "removed", "kept"];
const CONSENTS: Record<Consent, string> = {
  recomputed: "State that is made anew: the sources are read again from their start to where they stood",
  lost: "State that begins empty: results lack what came before",
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
    <Modal closeButtonProps={{ "aria-label": "Close" }} opened onClose={onClose} size="xl" title={`Run ${run.id} with revision ${revision}`}>
      {isPending ? <p className="p-muted">Comparing both programs</p> : null}
      <ErrorNote error={error ?? goOn.error} />
      {data ? <Verdicts report={data} /> : null}
      {needs.map((each) => (
        <Checkbox key={each} mt="sm" label={CONSENTS[each]} checked={allowed.includes(each)}
          onChange={(event) => setAllowed(event.currentTarget.checked ? [...allowed, each] : allowed.filter((one) => one !== each))} />
      ))}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>Cancel</Button>
        <Button onClick={start} loading={goOn.isPending} disabled={!data || needs.some((each) => !allowed.includes(each))}
          title={needs.length ? "Takes your consent to what is ticked above" : "Nothing is lost"}>
          Go on
        </Button>
      </Group>
    </Modal>
  );
}

function Verdicts({ report }: { report: UpgradeReport }) {
  const rows = [...report.operators].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  if (!rows.length) return <p>No state is concerned: it goes on from where the sources stand.</p>;
  return (
    <div className={classes.rows} style={{ maxHeight: "50vh" }}>
      <table className={classes.table} aria-label="What becomes of the state">
        <thead><tr><th>Node</th><th>State</th><th>Verdict</th><th>Why</th></tr></thead>
        <tbody>
          {rows.map((each) => (
            <tr key={`${each.operator} ${each.before}`} className={classes.letter}>
              <td>{each.nodes.join(", ")}</td>
              <td title={each.what}>{each.name}</td>
              <td><Tag tone={TONES[each.verdict]}>{each.verdict}</Tag></td>
              <td>{each.reasons.join("; ")}{each.seconds === null ? null : <span className="p-muted"> About {format.duration(each.seconds)}.</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
