import { SegmentedControl } from "@mantine/core";
import { useState } from "react";

import { type ModelItem, useWeights, type Weight } from "../../api";
import { BarList, type BarItem, Empty, format, Panel } from "../../design";
import { t } from "../../i18n";
import { Unavailable } from "./Unavailable";

/** "user = 17"; a slot whose feature is not known by name says so. */
export function weightLabel({ feature, value, slot }: Weight): string {
  if (feature === null) return t("slot {slot}", { slot });
  return value === null || value === "" ? feature : `${feature} = ${value}`;
}

function item(one: Weight): BarItem {
  return {
    key: `${one.slot}`,
    label: weightLabel(one),
    value: one.weight,
    deviation: one.deviation,
    title: t("{feature}: weight {weight}, slot {slot}", { feature: weightLabel(one), weight: format.number(one.weight, 6), slot: one.slot }),
  };
}

/** The weights that move predictions most, with how sure the model is of each. */
export function WeightsPanel({ model, version }: { model: ModelItem; version: number | null }) {
  const [limit, setLimit] = useState(20);
  const { data, error } = useWeights(model.name, version, limit, model.project, model.run);
  const choice = (
    <SegmentedControl aria-label={t("How many weights")} data={["20", "50", "100"]} value={String(limit)} onChange={(value) => setLimit(Number(value))} />
  );
  return (
    <Panel title={t("Heaviest features")} note={version === null ? undefined : t("of version {version}; whiskers: one standard deviation", { version: format.number(version) })} actions={choice}>
      {error ? <Unavailable error={error} what={t("Weights are not available")} /> : null}
      {data && data.length > 0 ? <BarList items={data.map(item)} format={(value) => format.number(value, 3)} /> : null}
      {data?.length === 0 ? <Empty title={t("No weights yet")}>{t("They are listed from the first version on.")}</Empty> : null}
    </Panel>
  );
}
