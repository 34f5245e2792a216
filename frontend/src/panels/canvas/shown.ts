/** What beside the canvas is open: components or outline on its left, the map. Remembered in the browser. */

import { create } from "zustand";

export type Part = "components" | "outline" | "map";

const KEPT = "porsche.page.canvas.shown";

function read(): ReadonlySet<Part> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return new Set(Array.isArray(found) ? (found as Part[]) : []);
  } catch {
    return new Set();
  }
}

export const useShown = create<{ parts: ReadonlySet<Part> }>(() => ({ parts: read() }));

/** Opens or closes it. Components and outline take turns. */
export function toggleShown(part: Part, on?: boolean): void {
  const parts = new Set(useShown.getState().parts);
  if (on ?? !parts.has(part)) parts.add(part);
  else parts.delete(part);
  if (part !== "map" && parts.has(part)) parts.delete(part === "outline" ? "components" : "outline");
  useShown.setState({ parts });
  try {
    localStorage.setItem(KEPT, JSON.stringify([...parts]));
  } catch {
    // without storage the choice lasts as long as the page
  }
}
