/** Choices about how the page looks, remembered in the browser: sizes of panels, open tabs. */

import { useCallback, useState } from "react";

const key = (name: string) => `porsche.page.${name}`;

function read<T>(name: string, initial: T): T {
  try {
    const found = JSON.parse(localStorage.getItem(key(name)) ?? "null") as unknown;
    return typeof found === typeof initial && found !== null ? (found as T) : initial;
  } catch {
    return initial;
  }
}

/** State that survives a reload; as it was first given where the browser remembers nothing of its kind. */
export function useKept(name: string, initial: boolean): [boolean, (value: boolean) => void];
export function useKept(name: string, initial: number): [number, (value: number) => void];
export function useKept<T extends string>(name: string, initial: T): [T, (value: T) => void];
export function useKept<T extends string | number | boolean>(name: string, initial: T): [T, (value: T) => void] {
  const [value, setValue] = useState(() => read(name, initial));
  const change = useCallback((next: T) => {
    setValue(next);
    try {
      localStorage.setItem(key(name), JSON.stringify(next));
    } catch {
      // without storage the choice lasts as long as the page
    }
  }, [name]);
  return [value, change];
}
