import { type ModelItem, useVersion } from "../../api";
import { format, Panel, Reliability } from "../../design";
import { Unavailable } from "./Unavailable";

/** Whether the model's probabilities come true, by bin. */
export function CalibrationPanel({ model, version }: { model: ModelItem; version: number | null }) {
  const { data, error } = useVersion(model.name, version, model.project, model.run);
  const ratio = data?.calibration;
  const note = ratio === null || ratio === undefined ? undefined : `predicts ${format.number(ratio, 3)} × what happens`;
  return (
    <Panel title="Calibration" note={note}>
      {error ? <Unavailable error={error} what="Calibration is" /> : <Reliability bins={data?.reliability ?? []} />}
    </Panel>
  );
}
