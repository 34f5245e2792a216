import { type ModelItem, useVersion } from "../../api";
import { format, Panel, Reliability } from "../../design";
import { t } from "../../i18n";
import { Unavailable } from "./Unavailable";

/** Whether the model's probabilities come true, by bin. */
export function CalibrationPanel({ model, version }: { model: ModelItem; version: number | null }) {
  const { data, error } = useVersion(model.name, version, model.project, model.run);
  const ratio = data?.calibration;
  const note = ratio === null || ratio === undefined ? undefined : t("predicts {ratio} × what happens", { ratio: format.number(ratio, 3) });
  return (
    <Panel title={t("Calibration")} note={note}>
      {error ? <Unavailable error={error} what={t("Calibration is not available")} /> : <Reliability bins={data?.reliability ?? []} />}
    </Panel>
  );
}
