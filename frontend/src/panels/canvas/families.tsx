import {
  IconAntenna,
  IconArrowMerge,
  IconBrain,
  IconChartHistogram,
  IconDatabaseExport,
  IconBooks,
  IconPuzzle,
  IconSum,
  IconTransform,
} from "@tabler/icons-react";

import { msg, t } from "../../i18n";

const ICONS: Readonly<Record<string, typeof IconSum>> = {
  sources: IconAntenna,
  transform: IconTransform,
  aggregate: IconSum,
  join: IconArrowMerge,
  learn: IconBrain,
  sinks: IconDatabaseExport,
  library: IconBooks,
};

const TITLES: Readonly<Record<string, string>> = {
  sources: msg("Sources"),
  transform: msg("Transform"),
  aggregate: msg("Aggregate"),
  join: msg("Join"),
  learn: msg("Learn"),
  sinks: msg("Outputs"),
  own: msg("This pipeline’s components"),
  library: msg("Library"),
};

/** Families as a pipeline runs through them. */
export const FAMILIES: readonly string[] = Object.keys(TITLES);

export function familyTitle(family: string): string {
  return t(TITLES[family] ?? family);
}

/** A component's icon: its family's. */
export function FamilyIcon({ family, component = "", size = 15 }: { family: string; component?: string; size?: number }) {
  const Icon = component === "metric_sink" ? IconChartHistogram : (ICONS[family] ?? IconPuzzle);
  return <Icon size={size} stroke={1.8} aria-hidden />;
}
