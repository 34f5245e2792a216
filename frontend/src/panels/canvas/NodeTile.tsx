import { IconAlertTriangle, IconCircleDashed, IconCircleX, IconDropletOff, IconHourglassHigh } from "@tabler/icons-react";
import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo, use } from "react";

import { bytes as size, compact, number } from "../../design/format";
import { SHAPE } from "../../document/layout";
import { about, plural, said, t } from "../../i18n";
import { countsText } from "../preview/counts";
import { usePreview, usePreviewCounts } from "../preview/store";
import { type NodeFigures, useFigures, useNodeFigures } from "../run/figures";
import { useStale } from "../run/stale";
import { useEnding } from "../why/why";
import classes from "./canvas.module.css";
import { DetailContext, LiveContext, cut } from "./detail";
import { FamilyIcon } from "./families";
import { type TileData, portDown } from "./graph";
import { useOver } from "./wiring";

export type Tile = Node<TileData, "tile">;

const SIZE = { width: SHAPE.width, height: SHAPE.height };
/** Characters that fit where names are drawn larger. */
const LABEL = 19;
const LIVE = 22;
/** Bytes of state from which on a tile shows them: operators have a few thousand from the start. */
const LARGE = 100_000;

/** A node as it is drawn. What moves each second is a component of its own, so that the tile stays. */
export const NodeTile = memo(function NodeTile({ data, selected, isConnectable }: NodeProps<Tile>) {
  const detail = use(DetailContext);
  const live = use(LiveContext);
  const look = `${classes.tile} ${selected ? classes.selected : ""} ${data.failure ? classes.failed : (classes[data.state] ?? "")} ${data.disabled ? classes.disabled : ""}`;
  if (detail === "tiny") return <div className={look} data-family={data.family} style={SIZE}><FarPort data={data} selected={selected} isConnectable={isConnectable} /></div>;
  const far = detail === "far";
  return (
    <div className={`${look} ${far ? classes.far : ""}`} data-family={data.family} style={SIZE}>
      <Inputs data={data} isConnectable={isConnectable} />
      <div className={classes.head}>
        {far ? null : <span className={classes.icon}><FamilyIcon family={data.family} component={data.component} size={15} /></span>}
        <span className={classes.label} title={data.label === data.id ? data.id : `${data.label} (${data.id})`}>{far ? cut(data.label, LABEL) : data.label}</span>
        <Mark data={data} far={far} live={live} />
      </div>
      {far ? null : (
        <div className={classes.settings} title={data.glimpse}>
          {live ? <StateSize node={data.id} /> : null}
          <span className={classes.component}>{said(data.title)}</span>
          {data.glimpse ? ` · ${data.glimpse}` : ""}
        </div>
      )}
      {live ? <LiveLine data={data} far={far} /> : null}
      {data.gives ? (
        <Handle type="source" position={Position.Right} isConnectable={isConnectable} className={classes.port} data-relation={data.gives}
          title={data.gives === "rows" ? t("gives rows") : data.gives === "model" ? t("gives a model") : t("gives a dimension")} />
      ) : null}
    </div>
  );
});

/** Where tiles are boxes, the one that is pointed at or selected has a port to draw a wire from, as large as one can hit; any box takes it. */
function FarPort({ data, selected, isConnectable }: { data: TileData; selected: boolean; isConnectable: boolean }) {
  const over = useOver((state) => state.node === data.id);
  if (!data.gives || !isConnectable || !(over || selected)) return null;
  return <Handle type="source" position={Position.Right} isConnectable className={`${classes.port} ${classes.farPort}`} data-relation={data.gives} title={t("Draw a wire from here; C lists where it can go")} />;
}

function Inputs({ data, isConnectable }: { data: TileData; isConnectable: boolean }) {
  return data.inputs.map((port, i) => (
    <Handle key={port.name} id={port.name} type="target" position={Position.Left} isConnectable={isConnectable}
      className={classes.port} data-relation={port.relation} data-optional={port.optional || undefined}
      style={{ top: portDown(i, data.inputs.length) }} title={about(port.name, said(port.help))} />
  ));
}

/** What is wrong with a node, or what it is that makes all others wait; the worst first. */
function Mark({ data, far, live }: { data: TileData; far: boolean; live: boolean }) {
  const node = live ? data.id : "";
  const slowest = useFigures((state) => state.slowest === node);
  const stale = useStale(node);
  const ending = useEnding(node);
  const size = far ? 18 : 14;
  if (data.failure) return <span className={`${classes.mark} ${classes.error}`} title={said(data.failure)}><IconCircleX size={size} aria-hidden />{t("failed")}</span>;
  if (data.disabled) return <span className={classes.mark}>{t("off")}</span>;
  const count = data.errors || data.warnings;
  if (count) {
    const Icon = data.state === "incomplete" ? IconCircleDashed : data.errors ? IconCircleX : IconAlertTriangle;
    return (
      <span className={`${classes.mark} ${data.errors ? classes.error : classes.warning}`} title={said(data.problem)}>
        <Icon size={size} aria-hidden />
        <span aria-hidden>{count}</span>
        <span className="p-hidden">{data.errors ? plural(count, "{count} error", "{count} errors") : plural(count, "{count} warning", "{count} warnings")}</span>
      </span>
    );
  }
  if (ending) return <span className={`${classes.mark} ${classes.warning}`} title={said(ending.message)}><IconDropletOff size={size} aria-hidden />{t("ends here")}</span>;
  if (slowest) return <span className={`${classes.mark} ${classes.warning}`} title={t("The others wait for this node")}><IconHourglassHigh size={size} aria-hidden />{t("slowest")}</span>;
  if (stale) return <span className={classes.mark} title={t("What runs is this node as it was before it was changed")}>{t("changed")}</span>;
  return null;
}

/** What a node remembers, where that is worth a word. */
function StateSize({ node }: { node: string }) {
  const bytes = useFigures((state) => state.nodes[node]?.stateBytes ?? 0);
  return bytes >= LARGE ? <span className={classes.aside}>{size(bytes)}</span> : null;
}

function LiveLine({ data, far }: { data: TileData; far: boolean }) {
  const figures = useNodeFigures(data.id);
  const model = useFigures((state) => (data.gives === "model" ? state.models[data.id] : undefined));
  if (data.failure) return <div className={`${classes.live} ${classes.error}`} title={said(data.failure)}>{far ? cut(said(data.failure), LIVE) : said(data.failure)}</div>;
  if (!figures) return <PreviewLine id={data.id} far={far} />;
  const line = liveText(model ? { ...figures, metrics: { auc: model.auc, logloss: model.logloss } } : figures, data.gives);
  const more = far || figures.lag === null ? "" : lagText(figures.lag);
  return (
    <>
      <div className={classes.live} title={fullText(figures)}>
        {more ? <span className={classes.aside}>{more}</span> : null}
        {far ? cut(line, LIVE) : line}
      </div>
      {figures.busy ? <div className={classes.busy} data-high={figures.busy > 0.8 || undefined} style={{ width: `${figures.busy * 100}%` }} /> : null}
    </>
  );
}

/** Where nothing runs: how many rows of the sample came in and went out. */
function PreviewLine({ id, far }: { id: string; far: boolean }) {
  const counts = usePreviewCounts(id);
  const stale = usePreview((state) => state.busy);
  const text = counts ? countsText(counts) : "";
  return <div className={classes.live} style={stale ? { opacity: 0.55 } : undefined} title={text ? t("In the preview: {text}", { text }) : undefined}>{far ? cut(text, LIVE) : text}</div>;
}

/** What a tile says of its node's work: what it gives a second, what it measures, what goes wrong. */
export function liveText(figures: NodeFigures, gives: string | null): string {
  if (figures.fusedInto && figures.rowsIn === null) return t("fused into {node}", { node: figures.fusedInto });
  const rate = gives ? figures.outRate : figures.inRate;
  const rows = gives ? figures.rowsOut : figures.rowsIn;
  const flow = rate !== null ? t("{count} rows/s", { count: compact(rate) }) : rows !== null ? t("{count} rows", { count: compact(rows) }) : null;
  const measures = measured(figures);
  const parts = measures.length ? measures : [flow]; // both are more than a tile is wide
  if (figures.hitRate !== null) parts.push(t("{share} % found", { share: number(figures.hitRate * 100, 3) }));
  if (figures.late) parts.push(t("{count} late", { count: compact(figures.late) }));
  if (figures.deadLetters) parts.push(t("{count} unreadable", { count: compact(figures.deadLetters) }));
  return parts.filter((part) => part !== null).join(" · ");
}

/** Whole units of time, so that it is short and stands still. */
export function lagText(seconds: number): string {
  if (seconds < 120) return t("{count} s", { count: Math.round(seconds) });
  if (seconds < 7200) return t("{count} min", { count: Math.round(seconds / 60) });
  return seconds < 172_800 ? t("{count} h", { count: Math.round(seconds / 3600) }) : t("{count} d", { count: compact(Math.round(seconds / 86_400)) });
}

/** All that is known, for who points at it. */
function fullText(figures: NodeFigures): string {
  const parts = [
    figures.inRate === null ? "" : t("in {count} rows/s", { count: compact(figures.inRate) }),
    figures.outRate === null ? "" : t("out {count} rows/s", { count: compact(figures.outRate) }),
    figures.lag === null ? "" : figures.replayed ? t("watermark {lag} behind the newest", { lag: lagText(figures.lag) }) : t("watermark {lag} behind the clock", { lag: lagText(figures.lag) }),
    figures.stateBytes ? t("state {size}", { size: size(figures.stateBytes) }) : "",
    figures.busy === null ? "" : t("busy {share} % of the time", { share: Math.round(figures.busy * 100) }),
    figures.waits ? t("waits {share} % of the time for those behind it", { share: Math.round(figures.waits * 100) }) : "",
    figures.fusedInto ? t("fused into {node}", { node: figures.fusedInto }) : "",
  ];
  return parts.filter(Boolean).join("\n");
}

/** At most two measures: those that people judge models by come first. */
function measured(figures: NodeFigures): string[] {
  const known = Object.entries(figures.metrics ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  const order = (name: string) => { const at = ["auc", "logloss"].indexOf(name.toLowerCase()); return at < 0 ? 9 : at; };
  return known.sort((a, b) => order(a[0]) - order(b[0])).slice(0, 2).map(([name, value]) => `${name} ${number(value, 3)}`);
}
