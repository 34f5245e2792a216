import { useMemo } from "react";

import { type Column, DataTable, Empty, format } from "../../design";
import { msg, t } from "../../i18n";
import { useEditor } from "../document/editor";
import { type NodeFigures, useFigures } from "./figures";

interface Row {
  node: string;
  label: string;
  figures: NodeFigures | null;
}

const end = "end" as const;
const figure = (id: keyof NodeFigures, title: string, show: (value: number | null) => string, help: string, width = 104): Column<Row> => ({
  id, title, help, width, align: end,
  cell: (row) => show(row.figures?.[id] as number | null ?? null),
  sort: (row) => row.figures?.[id] as number | null ?? null,
});

const COLUMNS: readonly Column<Row>[] = [
  { id: "node", title: msg("Node"), cell: (row) => <strong>{row.label}</strong>, sort: (row) => row.label, width: 180 },
  figure("inRate", msg("In"), format.rate, msg("Rows that come in, a second")),
  figure("outRate", msg("Out"), format.rate, msg("Rows that go out, a second")),
  figure("rowsIn", msg("Rows in"), format.number, msg("Since the process started")),
  figure("rowsOut", msg("Rows out"), format.number, msg("Since the process started")),
  figure("lag", msg("Behind"), format.coarse, msg("How far its event time is behind the clock; where the past is replayed, behind the newest"), 84),
  figure("busy", msg("Busy"), format.percent, msg("Share of the time that it works"), 76),
  figure("waits", msg("Waits"), format.percent, msg("Share of the time that it waits for those behind it"), 76),
  figure("latency", msg("Latency"), format.duration, msg("From rows that come in until the sink has written them; of the slowest hundredth"), 84),
  figure("stateBytes", msg("State"), format.bytes, msg("What it remembers"), 88),
  figure("late", msg("Late"), format.number, msg("Rows that came too late and were dropped"), 68),
  figure("deadLetters", msg("Unreadable"), format.number, msg("Records that could not be read"), 84),
  figure("hitRate", msg("Found"), format.percent, msg("Look-ups that found something"), 76),
  { id: "fused", title: msg("Note"), cell: (row) => (row.figures?.fusedInto ? <span className="p-muted">{t("fused into {node}", { node: row.figures.fusedInto })}</span> : "") },
];

/** All nodes with what they do right now. */
export function NodesTable({ onSelect }: { onSelect: (node: string) => void }) {
  const nodes = useEditor((state) => state.model.nodes);
  const figures = useFigures((state) => state.nodes);
  const rows = useMemo(() => nodes.map((node): Row => ({ node: node.id, label: node.label || node.id, figures: figures[node.id] ?? null })), [nodes, figures]);
  return (
    <DataTable label={t("Nodes")} columns={COLUMNS} rows={rows} rowKey={(row) => row.node} rowLabel={(row) => row.label} rowHeight={28} minWidth={1240}
      onOpen={(row) => onSelect(row.node)} empty={<Empty title={t("No nodes")}>{t("The document has none yet.")}</Empty>} />
  );
}
