import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";

import { counted } from "../../design/format";
import { useFigures } from "../run/figures";
import classes from "./canvas.module.css";
import { FamilyIcon } from "./families";
import type { TileData, Wire } from "./graph";
import { liveText } from "./NodeTile";

interface OutlineProps {
  tiles: ReadonlyMap<string, TileData>;
  wires: readonly Wire[];
  selected: string | null;
  onSelect: (node: string) => void;
}

/** The nodes as a list, in the order of the document, each with what it reads: the canvas for keyboards and screen readers. */
export function Outline({ tiles, wires, selected, onSelect }: OutlineProps) {
  const figures = useFigures((state) => state.nodes);
  return (
    <nav className={classes.outline} aria-label="Outline">
      <h2>Nodes</h2>
      <ol>
        {[...tiles.values()].map((tile) => {
          const reads = wires.filter((wire) => wire.target === tile.id).map((wire) => wire.source);
          const live = figures[tile.id];
          return (
            <li key={tile.id}>
              <button type="button" aria-current={tile.id === selected} onClick={() => onSelect(tile.id)}>
                <FamilyIcon family={tile.family} component={tile.component} />
                <span style={{ flex: 1, minWidth: 0 }}>
                  <span className="p-truncate" style={{ display: "block" }}>{tile.label}</span>
                  <small className="p-truncate">{tile.title}{reads.length ? `, reads ${reads.join(", ")}` : ""}</small>
                  {live ? <small>{liveText(live, tile.gives)}</small> : null}
                </span>
                {tile.errors || tile.failure ? <IconCircleX size={14} className={classes.error} aria-label={tile.failure || counted(tile.errors, "error")} /> : null}
                {!tile.errors && tile.warnings ? <IconAlertTriangle size={14} className={classes.warning} aria-label={counted(tile.warnings, "warning")} /> : null}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
