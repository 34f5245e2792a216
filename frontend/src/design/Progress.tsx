import { Progress as Bar } from "@mantine/core";

import { t } from "../i18n";
import { percent } from "./format";

/** How far something is: 0 to 1, or null while that is not known. */
export function Progress({ value, label, width = 96 }: { value: number | null | undefined; label: string; width?: number }) {
  const known = value !== null && value !== undefined;
  const shown = known ? Math.min(1, Math.max(0, value)) : 1;
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 6, verticalAlign: "middle" }}>
      <Bar.Root w={width} size={6}>
        <Bar.Section value={shown * 100} animated={!known} aria-label={label} aria-valuetext={known ? percent(shown) : t("not known yet")} />
      </Bar.Root>
      <span className="p-number" style={{ minWidth: 44, fontSize: 12 }}>
        {known ? percent(Math.floor(shown * 1000) / 1000) : ""}
      </span>
    </span>
  );
}
