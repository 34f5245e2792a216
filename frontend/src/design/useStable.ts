import { useCallback, useLayoutEffect, useRef } from "react";

/** A function that stays the same between renders and does what the newest one does; for events only. */
export function useStable<A extends unknown[], R>(newest: (...given: A) => R): (...given: A) => R {
  const held = useRef(newest);
  useLayoutEffect(() => {
    held.current = newest;
  });
  return useCallback((...given: A) => held.current(...given), []);
}
