/** The wire that something dragged would be put onto. */

export const COMPONENT_TYPE = "application/x-porsche-component";

/** The wire at a place on the screen: under whatever lies over it. */
export function wireAt(x: number, y: number): string | null {
  const found = document.elementsFromPoint(x, y).find((element) => element.closest(".react-flow__edge"));
  return found?.closest<HTMLElement>(".react-flow__edge")?.dataset.id ?? null;
}

let marked: HTMLElement | null = null;

/** Shows which wire it is; null: none. */
export function markTarget(wire: string | null): void {
  const next = wire === null ? null : document.querySelector<HTMLElement>(`.react-flow__edge[data-id="${CSS.escape(wire)}"]`);
  if (next === marked) return;
  marked?.classList.remove("target-of-drop");
  next?.classList.add("target-of-drop");
  marked = next;
}

/** The wire that is shown; null: none. */
export function targetWire(): string | null {
  return marked?.dataset.id ?? null;
}
