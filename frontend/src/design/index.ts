/** The design system: knows nothing of the API, the document or the pages. */

export { BarList, type BarItem } from "./BarList";
export { TimeSeries, type Point, type Series, type TimeSeriesProps } from "./charts/TimeSeries";
export { Reliability, type ReliabilityBin, calibrationError } from "./charts/Reliability";
export { useNow, useNowEvery } from "./clock";
export { ConfirmButton } from "./ConfirmButton";
export { CopyButton } from "./CopyButton";
export { DataTable, type Column, type Order, type RowKey } from "./DataTable";
export { ErrorNote, Note, placeText, type Place, type Problem } from "./ErrorNote";
export * as format from "./format";
export type { Missing, Unit } from "./format";
export { Ago, Bytes, Duration, Num, Percent, Rate } from "./numbers";
export { Empty, type Fact, Facts, PageHead, Panel } from "./Panel";
export { Progress } from "./Progress";
export { Sparkline } from "./Sparkline";
export { STATUS, STATUS_ORDER, statusLook, type StatusName, urgency } from "./status";
export { StatusBadge, Tag } from "./StatusBadge";
export { useStable } from "./useStable";
export { cssVariables, theme } from "./theme";
export { type Scheme, type Tone, tokens } from "./tokens";
