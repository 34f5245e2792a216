import { useMemo } from "react";

import type { ModelVersion } from "../../api";
import { Ago, type Column, DataTable, Empty, format, Num, Panel, Percent } from "../../design";
import { msg, t } from "../../i18n";

const metric = (id: keyof ModelVersion & string, title: string, help: string, digits = 4): Column<ModelVersion> => {
  const value = (one: ModelVersion) => one[id] as number | null;
  return { id, title, help, align: "end", cell: (one) => <Num value={value(one)} digits={digits} />, sort: value };
};

const COLUMNS: readonly Column<ModelVersion>[] = [
  { id: "version", title: msg("Version"), width: 84, align: "end", cell: (one) => format.number(one.version), sort: (one) => one.version },
  { id: "published", title: msg("Published"), width: 110, cell: (one) => <Ago at={one.published_at} />, sort: (one) => format.seconds(one.published_at) },
  metric("samples", msg("Samples"), msg("Labelled samples learnt so far")),
  {
    id: "positives",
    title: msg("Positive"),
    align: "end",
    help: msg("Share of positive labels"),
    cell: (one) => <Percent value={one.positives === null || !one.samples ? null : one.positives / one.samples} />,
    sort: (one) => (one.positives === null || !one.samples ? null : one.positives / one.samples),
  },
  metric("window_auc", msg("AUC, window"), msg("Of the samples since the version listed before")),
  metric("auc", msg("AUC"), msg("Of all samples so far, each predicted before it was learnt")),
  metric("window_logloss", msg("Logloss, window"), msg("Of the samples since the version listed before")),
  metric("logloss", msg("Logloss"), msg("Of all samples so far")),
  metric("calibration", msg("Calibration"), msg("Sum of predictions over positives: 1 is right"), 3),
  metric("calibration_error", msg("ECE"), msg("Expected calibration error"), 3),
];

function note(listed: number, newest: number | null): string {
  const count = newest !== null && newest > listed ? t("{listed} of {newest}", { listed, newest: format.number(newest) }) : format.number(listed);
  return t("{count}; choose one to see its calibration and weights", { count });
}

interface VersionsPanelProps {
  versions: readonly ModelVersion[];
  /** null: the newest, whichever that is. */
  chosen: number | null;
  onChoose: (version: number | null) => void;
}

/** Every version that was published; one that is chosen is shown by the panels beside. */
export function VersionsPanel({ versions, chosen, onChoose }: VersionsPanelProps) {
  const newest = versions.at(-1)?.version ?? null;
  const selection = useMemo(() => new Set([chosen ?? newest ?? -1]), [chosen, newest]);
  return (
    <Panel title={t("Versions")} note={note(versions.length, newest)} flush>
      <div style={{ height: 280 }}>
        <DataTable
          label={t("Versions")}
          columns={COLUMNS}
          rows={versions}
          rowKey={(one) => one.version}
          rowLabel={(one) => t("version {version}", { version: one.version })}
          order={{ column: "version", direction: "descending" }}
          marked={selection}
          onOpen={(one) => onChoose(one.version === newest ? null : one.version)}
          rowHeight={30}
          minWidth={860}
          empty={<Empty title={t("No version yet")}>{t("A version is published after every so many labelled samples, as the pipeline's node says.")}</Empty>}
        />
      </div>
    </Panel>
  );
}
