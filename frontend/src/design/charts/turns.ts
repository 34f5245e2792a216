const LONGEST_MS = 3000;
const waiting: (() => void)[] = [];
let frame = 0;
let pressed: number | null = null;

/** Work that can wait, done a piece a frame, in the order in which it was asked for, and not while something is dragged (for a
 *  few seconds at most): what comes each second for several charts would otherwise be felt by the hand. Gives what takes it back. */
export function inTurn(work: () => void): () => void {
  waiting.push(work);
  frame ||= requestAnimationFrame(next);
  return () => {
    const at = waiting.indexOf(work);
    if (at >= 0) waiting.splice(at, 1);
  };
}

/** From now on notes while a button is held. */
export function watchPointer(target: EventTarget): void {
  const down = () => (pressed = performance.now());
  const up = () => (pressed = null);
  for (const [name, listener] of [["pointerdown", down], ["pointerup", up], ["pointercancel", up], ["blur", up]] as const)
    target.addEventListener(name, listener, { capture: true, passive: true });
}

function next(): void {
  const held = pressed !== null && performance.now() - pressed < LONGEST_MS;
  const work = held ? undefined : waiting.shift();
  frame = waiting.length > 0 ? requestAnimationFrame(next) : 0;
  work?.();
}
