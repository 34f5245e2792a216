import {
  IconAntenna,
  IconArrowMerge,
  IconBrain,
  IconChartHistogram,
  IconDatabaseExport,
  IconPuzzle,
  IconSum,
  IconTransform,
} from "@tabler/icons-react";

const ICONS: Readonly<Record<string, typeof IconSum>> = {
  sources: IconAntenna,
  transform: IconTransform,
  aggregate: IconSum,
  join: IconArrowMerge,
  learn: IconBrain,
  sinks: IconDatabaseExport,
};

/** A component's icon: its family's. */
export function FamilyIcon({ family, component = "", size = 15 }: { family: string; component?: string; size?: number }) {
  const Icon = component === "metric_sink" ? IconChartHistogram : (ICONS[family] ?? IconPuzzle);
  return <Icon size={size} stroke={1.8} aria-hidden />;
}
