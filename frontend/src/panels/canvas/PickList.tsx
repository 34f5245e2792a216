import { IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react";

import { found } from "../../actions";
import { t } from "../../i18n";
import { close, type Point } from "./overlay";
import classes from "./pick.module.css";

export interface Pick {
  id: string;
  label: string;
  /** Muted, at the end of the line. */
  hint?: string;
  /** What is said of the active one below the list. */
  about?: string;
  /** More, beside the list where there is room. */
  docs?: () => ReactNode;
  group: string;
  words?: string;
  icon?: ReactNode;
  /** Ways to take it that Ctrl+. goes through: inputs that a wire may end at. */
  ways?: readonly string[];
}

interface PickListProps<P extends Pick> {
  label: string;
  placeholder: string;
  items: readonly P[] | ((query: string) => readonly P[]);
  empty: (query: string) => string;
  onPick: (item: P, way: number) => void;
  /** Where it opens on the screen; in the middle of the upper part of the canvas without it. */
  point?: Point | null;
}

const MOST = 80;
const SIZE = { width: 340, height: 380 };
/** How wide what is said of the active one is. */
const DOCS = 320;

/** A field over a list: typing filters, arrows choose, Enter takes. */
export function PickList<P extends Pick>({ label, placeholder, items, empty, onPick, point = null }: PickListProps<P>) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const [way, setWay] = useState(0);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => field.current?.focus({ preventScroll: true }), []);
  useOutside(box);
  const shown = useMemo(() => {
    const some = typeof items === "function" ? items(query) : found(query, items, (item) => `${item.label} ${item.words ?? ""} ${item.hint ?? ""}`, MOST);
    return byGroup(some, query);
  }, [items, query]);
  const active = Math.min(at, shown.length - 1);
  const current = shown[active];
  const go = (to: number) => {
    const next = Math.max(0, Math.min(shown.length - 1, to));
    setAt(next);
    setWay(0);
    document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 8, PageUp: active - 8, Tab: active + (event.shiftKey ? -1 : 1) };
    const to = moves[event.key];
    if (to !== undefined) go(to);
    else if (event.key === "Enter" && current) onPick(current, way);
    else if (event.key === "Escape") close();
    else if (event.key === "." && (event.ctrlKey || event.metaKey)) setWay((way + 1) % Math.max(1, current?.ways?.length ?? 1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const tip = current?.ways && current.ways.length > 1 ? <span className={classes.tip}>{t("Ctrl+. for its next input")}</span> : null;
  const documented = typeof items !== "function" && items.some((item) => item.docs);
  const { wide, ...place } = placed(point, documented);
  return (
    <div ref={box} className={classes.pick} style={place} role="dialog" aria-label={label} onKeyDown={onKeyDown}>
      <div className={classes.main}>
        <div className={classes.field}>
          <IconSearch size={15} aria-hidden />
          <input ref={field} role="combobox" aria-expanded aria-controls={id} aria-label={label} aria-autocomplete="list" placeholder={placeholder} value={query}
            aria-activedescendant={current ? `${id}-${active}` : undefined} onChange={(event) => { setQuery(event.currentTarget.value); setAt(0); setWay(0); }} />
        </div>
        <div className={classes.list} id={id} role="listbox" aria-label={label}>
          {shown.map((item, i) => (
            <div key={item.id} role="presentation">
              {item.group && item.group !== shown[i - 1]?.group ? <div className={classes.heading} role="presentation">{item.group}</div> : null}
              <div id={`${id}-${i}`} role="option" aria-selected={i === active} className={classes.item} onMouseMove={() => { if (i !== active) { setAt(i); setWay(0); } }}
                onClick={() => onPick(item, i === active ? way : 0)}>
                {item.icon}
                <span className="p-truncate">{item.label}</span>
                <span className={classes.hint}>{i === active && item.ways && item.ways.length > 1 ? item.ways[way] : item.hint}</span>
              </div>
            </div>
          ))}
          {shown.length ? null : <div className={classes.none}>{empty(query)}</div>}
        </div>
        {wide ? null : <div className={classes.about}><span>{current?.about}</span>{tip}</div>}
      </div>
      {wide ? <div className={classes.docs}>{current?.docs ? <><strong>{current.label}</strong>{tip}{current.docs()}</> : current?.about}</div> : null}
    </div>
  );
}

/** Items of a group one after the other, groups in the order of their best. */
function byGroup<P extends Pick>(items: readonly P[], query: string): readonly P[] {
  if (query.trim()) return items;
  const groups = [...new Set(items.map((item) => item.group))];
  return groups.flatMap((group) => items.filter((item) => item.group === group));
}

/** A press outside closes it. */
function useOutside(box: { current: HTMLElement | null }) {
  useEffect(() => {
    const onDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close(false);
    };
    document.addEventListener("pointerdown", onDown, true);
    return () => document.removeEventListener("pointerdown", onDown, true);
  }, [box]);
}

function placed(point: Point | null, documented: boolean): { left: number; top: number; maxHeight: number; width: number; height?: number; wide: boolean } {
  const box = document.querySelector("[data-canvas]")?.getBoundingClientRect();
  if (!box) return { left: 0, top: 0, maxHeight: SIZE.height, width: SIZE.width, wide: false };
  const wide = documented && box.width >= SIZE.width + DOCS + 32;
  const width = wide ? SIZE.width + DOCS : SIZE.width;
  const maxHeight = Math.min(SIZE.height, box.height - 16);
  const size = { maxHeight, width, wide, ...(wide ? { height: maxHeight } : {}) };
  if (!point) return { left: Math.max(8, (box.width - width) / 2), top: Math.min(40, Math.max(8, box.height - maxHeight - 8)), ...size };
  return {
    left: Math.max(8, Math.min(point.x - box.left, box.width - width - 8)),
    top: Math.max(8, Math.min(point.y - box.top, box.height - maxHeight - 8)),
    ...size,
  };
}
