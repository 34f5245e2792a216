/** The focus follows what a person does: it is never lost with what it was on. */

const FRAMES = 30;

/** Focuses a node once it is drawn: in the outline where that had the focus, else on the canvas. */
export function focusNode(node: string, where: "canvas" | "outline" = inOutline() ? "outline" : "canvas"): void {
  const name = CSS.escape(node);
  whenThere(where === "outline" ? `[role="treeitem"][data-node="${name}"]` : `.react-flow__node[data-id="${name}"]`);
}

/** Focuses the canvas itself. */
export function focusCanvas(): void {
  document.querySelector<HTMLElement>("[data-canvas-region]")?.focus({ preventScroll: true });
}

/** Gives the focus to what comes behind the canvas: Tab on it adds nodes. */
export function leaveCanvas(): void {
  const canvas = document.querySelector("[data-canvas]");
  const all = [...document.querySelectorAll<HTMLElement>("button, [href], input, select, textarea, [tabindex='0']")];
  all.find((element) => canvas && !canvas.contains(element) && canvas.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)?.focus();
}

let next: { node: string | null } | null = null;

/** What has the focus on the canvas that is drawn next: a node, or the canvas itself. */
export function focusNext(node: string | null): void {
  next = { node };
}

/** Gives the focus to what was asked for before the canvas was there. */
export function takeFocus(): void {
  if (next?.node) focusNode(next.node, "canvas");
  else if (next) focusCanvas();
  next = null;
}

export function inOutline(): boolean {
  return document.activeElement?.closest("[role='tree']") != null;
}

/** Tiles are hidden until they are placed, and take no focus then. Who has given the focus elsewhere meanwhile keeps it. */
function whenThere(selector: string, from = document.activeElement, left = FRAMES): void {
  const { activeElement: now } = document;
  if (now !== from && now !== document.body) return;
  const element = document.querySelector<HTMLElement>(selector);
  element?.focus({ preventScroll: true });
  if (left > 0 && (!element || document.activeElement !== element)) requestAnimationFrame(() => whenThere(selector, from, left - 1));
}
