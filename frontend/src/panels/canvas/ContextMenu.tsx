import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from "react";

import { Keys, actionOf, isEnabled, useRegistry } from "../../actions";
import { t } from "../../i18n";
import { type Overlay, type Point, close } from "./overlay";
import classes from "./pick.module.css";

type Menu = Extract<Overlay, { kind: "menu" }>;

/** What each menu offers; "-" is a line. Actions that cannot be done now are left out. */
const ENTRIES: Readonly<Record<Menu["target"], readonly string[]>> = {
  node: ["add", "connect", "rename", "disable", "-", "cut", "copy", "duplicate", "delete", "-", "group", "regroup", "ungroup", "component", "inside", "expand", "-", "align-left",
    "align-top", "align-middle", "align-center", "distribute-x", "distribute-y", "-", "upstream", "downstream"],
  edge: ["add-on-wire", "cycle-port", "-", "delete"],
  pane: ["outside", "add", "note", "paste", "paste-wired", "-", "select-all", "tidy", "find", "-", "fit", "outline", "components", "map"],
  group: ["collapse", "rename-group", "ungroup", "-", "duplicate", "delete"],
  note: ["delete"],
};

/** The menu of what was clicked with the right button, of the same actions as toolbar, palette and keys. */
export function ContextMenu({ menu }: { menu: Menu }) {
  const context = useRegistry((state) => state.context);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    fitIn(box.current, menu.point);
    box.current?.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
  }, [menu]);
  useEffect(() => {
    const onDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close(false);
    };
    document.addEventListener("pointerdown", onDown, true);
    return () => document.removeEventListener("pointerdown", onDown, true);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    const buttons = [...(box.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to !== undefined) buttons[(to + buttons.length) % buttons.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const entries = ENTRIES[menu.target].map((id) => (id === "-" ? null : actionOf(`canvas.${id}`)))
    .filter((action) => action === null || (action !== undefined && isEnabled(action, context)));
  return (
    <div ref={box} className={classes.menu} role="menu" aria-label={t("What can be done here")} onKeyDown={onKeyDown}
      onContextMenu={(event) => event.preventDefault()}>
      {entries.map((action, i) => (action ? (
        <button key={action.id} type="button" role="menuitem" tabIndex={-1} onClick={() => { close(); void action.run(context); }}>
          {action.icon ? <action.icon size={15} aria-hidden /> : <span className={classes.noIcon} aria-hidden />}
          <span className={classes.entry}>{t(action.label)}</span>
          {action.keys?.[0] ? <Keys keys={action.keys[0]} /> : null}
        </button>
      ) : entries[i - 1] && entries[i + 1] ? <hr key={`line-${i}`} /> : null))}
    </div>
  );
}

/** At the pointer, and wholly inside the canvas. */
function fitIn(menu: HTMLElement | null, { x, y }: Point): void {
  const box = document.querySelector("[data-canvas]")?.getBoundingClientRect();
  if (!menu || !box) return;
  menu.style.left = `${Math.max(4, Math.min(x - box.left, box.width - menu.offsetWidth - 4))}px`;
  menu.style.top = `${Math.max(4, Math.min(y - box.top, box.height - menu.offsetHeight - 4))}px`;
}
