/** While a wire is drawn, ports that take it glow and all others fade: by a style sheet of its own, so that no tile is drawn anew. */

import { useEffect } from "react";

import { type NodeMark, useWiring } from "./wiring";

export function useGlow(): void {
  const marks = useWiring((state) => state.marks);
  const from = useWiring((state) => state.from);
  useEffect(() => {
    if (!marks || !from) return undefined;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(rulesFor(marks, from));
    document.adoptedStyleSheets.push(sheet);
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
    };
  }, [marks, from]);
}

const GLOW = "border-color: var(--p-accent); background: var(--p-accent); outline: 4px solid color-mix(in srgb, var(--p-accent) 28%, transparent); opacity: 1";

export function rulesFor(marks: ReadonlyMap<string, NodeMark>, from: { node: string; backwards: boolean }): string {
  const tile = (node: string) => `.react-flow__node[data-id="${CSS.escape(node)}"]`;
  const faded: string[] = [];
  const lit: string[] = [];
  for (const [node, { legal, ports }] of marks) {
    if (node === from.node) continue;
    if (!legal) faded.push(tile(node));
    else if (from.backwards) lit.push(`${tile(node)} .react-flow__handle.source`);
    else for (const { port, why } of ports) if (why === null) lit.push(`${tile(node)} .react-flow__handle[data-handleid="${CSS.escape(port)}"]`);
  }
  const dim = ".react-flow__node .react-flow__handle { opacity: .35 }";
  return [dim, faded.length ? `${faded.join(",")} { opacity: .38 }` : "", lit.length ? `${lit.join(",")} { ${GLOW} }` : ""].join("\n");
}
