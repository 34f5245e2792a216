import { useSyncExternalStore } from "react";

/** One ticking clock for the whole page: unix seconds, whole, once a second while the page is seen. */
let now = Math.floor(Date.now() / 1e3);
let timer: number | undefined;
const listeners = new Set<() => void>();

function tick() {
  now = Math.floor(Date.now() / 1e3);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) timer = window.setInterval(() => document.hidden || tick(), 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time now, in whole unix seconds; renders anew each second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** As useNow, but changes only as often as asked: for pages that need no second's accuracy. */
export function useNowEvery(seconds: number): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / seconds) * seconds);
}
