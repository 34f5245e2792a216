import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";

import classes from "./page.module.css";

export interface Tab {
  id: string;
  label: string;
  /** A number beside the label; nothing for none. */
  count?: number | null;
  tone?: "bad" | "warning" | "neutral";
  content: () => ReactNode;
}

interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  value: string;
  onChange: (id: string) => void;
}

/** Tabs of which only the open one is made; arrows walk them. */
export function Tabs({ label, tabs, value, onChange }: TabsProps) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const open = tabs.find((tab) => tab.id === value) ?? tabs[0];
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === open?.id);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    onChange(tabs[next]?.id ?? "");
    list.current?.querySelectorAll<HTMLElement>("button")[next]?.focus();
  };
  return (
    <div className={classes.tabs}>
      <div className={classes.tablist} role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button key={tab.id} type="button" role="tab" id={`${id}-${tab.id}`} aria-selected={tab.id === open?.id} aria-controls={`${id}-panel`}
            tabIndex={tab.id === open?.id ? 0 : -1} onClick={() => onChange(tab.id)}>
            {tab.label}
            {tab.count ? <span className={classes.count} data-tone={tab.tone}>{tab.count.toLocaleString("en")}</span> : null}
          </button>
        ))}
      </div>
      <div className={classes.content} role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${open?.id ?? ""}`}>
        {open?.content()}
      </div>
    </div>
  );
}
