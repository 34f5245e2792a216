import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";
import { Handle, type Node, type NodeProps, Position, useStore, useUpdateNodeInternals } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";

import { compact, number } from "../../design/format";
import { type NodeFigures, useFigures, useNodeFigures } from "../run/figures";
import classes from "./canvas.module.css";
import { FamilyIcon } from "./families";
import type { TileData } from "./graph";
import { SHAPE } from "../../document/layout";

export type Tile = Node<TileData, "tile">;

/** Below this zoom only names can be read: they are drawn larger, the rest is left out. */
const FAR = 0.55;

/** A node as it is drawn. What moves each second is a component of its own, so that the tile stays. */
export const NodeTile = memo(function NodeTile({ data, selected }: NodeProps<Tile>) {
  const far = useStore((state) => state.transform[2] < FAR);
  usePorts(data);
  const state = data.failure ? classes.failed : data.errors ? classes.invalid : "";
  return (
    <div className={`${classes.tile} ${selected ? classes.selected : ""} ${state} ${far ? classes.far : ""}`} data-family={data.family}
      style={{ width: SHAPE.width, height: SHAPE.height }}>
      {data.inputs.map((port, i) => (
        <Handle key={port.name} id={port.name} type="target" position={Position.Left} isConnectable={false}
          className={classes.port} data-relation={port.relation} data-optional={port.optional || undefined}
          style={{ top: `${((i + 1) * 100) / (data.inputs.length + 1)}%` }} title={`${port.name}: ${port.help}`} />
      ))}
      <div className={classes.head}>
        <span className={classes.icon}><FamilyIcon family={data.family} component={data.component} size={far ? 20 : 15} /></span>
        <span className={classes.label} title={data.label === data.id ? data.id : `${data.label} (${data.id})`}>{data.label}</span>
        <Mark data={data} />
      </div>
      <div className={classes.settings} title={data.glimpse}>
        <span className={classes.component}>{data.title}</span>
        {data.glimpse ? ` · ${data.glimpse}` : ""}
      </div>
      <LiveLine node={data.id} gives={data.gives} failure={data.failure} />
      {data.gives ? (
        <Handle type="source" position={Position.Right} isConnectable={false} className={classes.port} data-relation={data.gives}
          title={`gives ${data.gives === "rows" ? "rows" : `a ${data.gives}`}`} />
      ) : null}
    </div>
  );
});

/** The canvas measures ports once; where a tile gets others, it has to be told. */
function usePorts(data: TileData) {
  const update = useUpdateNodeInternals();
  const ports = `${data.inputs.map((port) => port.name).join(" ")} ${data.gives ?? ""}`;
  const measured = useRef(ports);
  useEffect(() => {
    if (measured.current === ports) return;
    measured.current = ports;
    update(data.id);
  }, [update, data.id, ports]);
}

function Mark({ data }: { data: TileData }) {
  const count = data.errors || data.warnings;
  if (data.failure) return <span className={`${classes.mark} ${classes.error}`} title={data.failure}><IconCircleX size={14} aria-hidden />failed</span>;
  if (!count) return null;
  const Icon = data.errors ? IconCircleX : IconAlertTriangle;
  const what = data.errors ? "error" : "warning";
  return (
    <span className={`${classes.mark} ${classes[what]}`} title={data.problem}>
      <Icon size={14} aria-hidden />
      {count}
      <span className="p-hidden">{count === 1 ? what : `${what}s`}</span>
    </span>
  );
}

function LiveLine({ node, gives, failure }: { node: string; gives: string | null; failure: string }) {
  const figures = useNodeFigures(node);
  const model = useFigures((state) => (gives === "model" ? state.models[node] : undefined));
  if (failure) return <div className={`${classes.live} ${classes.error}`} title={failure}>{failure}</div>;
  return (
    <>
      <div className={classes.live}>{figures ? liveText(model ? { ...figures, metrics: { auc: model.auc, logloss: model.logloss } } : figures, gives) : ""}</div>
      {figures?.busy ? <div className={classes.busy} data-high={figures.busy > 0.8 || undefined} style={{ width: `${figures.busy * 100}%` }} title={`busy ${Math.round(figures.busy * 100)} % of the time`} /> : null}
    </>
  );
}

/** What a tile says of its node's work: what it gives a second, how far behind it is, what it measures. */
export function liveText(figures: NodeFigures, gives: string | null): string {
  if (figures.fusedInto) return `fused into ${figures.fusedInto}`;
  const rate = gives ? figures.outRate : figures.inRate;
  const rows = gives ? figures.rowsOut : figures.rowsIn;
  const flow = rate !== null ? `${compact(rate)} rows/s` : rows !== null ? `${compact(rows)} rows` : null;
  const measures = measured(figures);
  const parts = measures.length ? measures : [flow]; // both are more than a tile is wide
  if (figures.hitRate !== null) parts.push(`${number(figures.hitRate * 100, 3)} % found`);
  if (figures.late) parts.push(`${compact(figures.late)} late`);
  if (figures.deadLetters) parts.push(`${compact(figures.deadLetters)} unreadable`);
  return parts.filter((part) => part !== null).join(" · ");
}

/** At most two measures: those that people judge models by come first. */
function measured(figures: NodeFigures): string[] {
  const known = Object.entries(figures.metrics ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  const order = (name: string) => { const at = ["auc", "logloss"].indexOf(name.toLowerCase()); return at < 0 ? 9 : at; };
  return known.sort((a, b) => order(a[0]) - order(b[0])).slice(0, 2).map(([name, value]) => `${name} ${number(value, 3)}`);
}
