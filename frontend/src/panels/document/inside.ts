/** The inside of a component as an editor of its own: what is changed there goes through the editor of the document, undo included. */

import { useEffect, useMemo } from "react";
import { createStore } from "zustand";

import type { Compiled, Diagnostic, NodeSchema } from "../../api/types";
import { apply } from "../../document/commands";
import { componentAt, inputNode, insideText, isEnd, outward, users } from "../../document/inside";
import { type Model, type ModelComponent, type ModelEdge, type ModelNode, readModel } from "../../document/model";
import { type Editor, type EditorState, textOf, useEditor, useEditorStore } from "./editor";

/** Where one is inside. */
export interface Inside {
  /** Nodes, each inside the one before it. */
  path: readonly string[];
  component: ModelComponent;
  /** How many nodes are of this component: an edit changes all of them. */
  users: number;
}

const BETWEEN = ".";
export const pathOf = (text: string | null): string[] => (text ? text.split(BETWEEN) : []);
export const pathText = (path: readonly string[]): string | null => path.join(BETWEEN) || null;

/** The editor of what is inside a node; null where there is none, or no component of the document. */
export function useInside(path: string | null): Editor | null {
  const outer = useEditorStore();
  const there = useEditor((state) => path !== null && componentAt(state.model, pathOf(path)) !== null);
  const inner = useMemo(() => (there ? insideEditor(outer, pathOf(path)) : null), [outer, there, path]);
  useEffect(() => inner?.follow(), [inner]);
  return inner?.editor ?? null;
}

/** `follow` keeps it to what the document says; what it returns ends that. */
export function insideEditor(outer: Editor, path: readonly string[]): { editor: Editor; follow: () => () => void } {
  const change: EditorState["change"] = (command, label, group) => {
    const { history, inside } = editor.getState();
    const after = apply(history.pipeline, command).pipeline.text;
    if (inside) outer.getState().change(outward(inside.component, history.pipeline.text, after), label, group && `${path.join(BETWEEN)} ${group}`);
  };
  const editor: Editor = createStore<EditorState>(() => ({ ...seen(outer.getState(), path, null), change }));
  const sync = () => {
    const before = editor.getState();
    if (componentAt(outer.getState().model, path)) editor.setState({ ...seen(outer.getState(), path, before), change });
  };
  return { editor, follow: () => { sync(); return outer.subscribe(sync); } };
}

const NOWHERE = {};

/** The state of the inside, from the state outside; what says the same is the same object as before. */
function seen(outer: EditorState, path: readonly string[], before: EditorState | null): EditorState {
  const component = componentAt(outer.model, path);
  const text = component ? insideText(outer.model, component) : "";
  const same = before !== null && textOf(before) === text;
  const { past, future } = outer.history;
  const history = same && before.history.past === past && before.history.future === future ? before.history : { past, future, pipeline: { text, layout: NOWHERE } };
  const model = same ? before.model : readModel(text);
  const current = outer.compiledText === textOf(outer);
  const inside = !component || before?.inside?.component === component ? (before?.inside ?? null) : { path, component, users: users(outer.model, component.name) };
  return {
    ...outer, history, model, inside,
    compiled: outer.compiled && within(outer.compiled, outer.model, path), good: outer.good && within(outer.good, outer.model, path), compiledText: current ? text : null,
  };
}

const known = new WeakMap<Compiled, { model: Model; path: string; found: Compiled }>();

/** What the compiler says of the inside: columns by the names of nodes there, problems at them. */
function within(compiled: Compiled, model: Model, path: readonly string[]): Compiled {
  const key = path.join(BETWEEN);
  const kept = known.get(compiled);
  if (kept?.model === model && kept.path === key) return kept.found;
  const found: Compiled = { ...compiled, nodes: schemasInside(compiled, model, path), diagnostics: problemsInside(compiled.diagnostics, model, path), lineage: {}, graph: null };
  known.set(compiled, { model, path: key, found });
  return found;
}

function schemasInside({ nodes, inner }: Compiled, model: Model, path: readonly string[]): Record<string, NodeSchema> {
  let schemas: Record<string, NodeSchema> = nodes;
  let edges: readonly ModelEdge[] = model.edges;
  path.forEach((node, depth) => {
    const own = componentAt(model, path.slice(0, depth + 1));
    const around = { schemas, edges };
    const found: Array<readonly [string, NodeSchema | undefined]> = (own?.nodes ?? []).map(({ id }) =>
      [id, id === own?.output ? around.schemas[node] : inner[[...path.slice(0, depth + 1), id].join("__")]]);
    const inputs = (own?.inputs ?? []).map(({ name }, i) => {
      const edge = around.edges.find((each) => each.to === node && (each.port ? each.port === name : i === 0));
      const above = depth ? componentAt(model, path.slice(0, depth))?.inputs.find((each) => each.node === node && (each.port ? each.port === name : i === 0)) : undefined;
      return [inputNode(name), edge ? around.schemas[edge.from] : above && around.schemas[inputNode(above.name)]] as const;
    });
    schemas = Object.fromEntries([...found, ...inputs].filter((each): each is [string, NodeSchema] => each[1] !== undefined));
    edges = own?.edges ?? [];
  });
  return schemas;
}

const WITHIN = /^inside, at '([\w.]+)': /;

/** Where inside of a node something is wrong, and which node there; null where it is wrong at a node of the document itself, or at a property of one. */
export function placeInside(problem: Pick<Diagnostic, "node" | "property" | "message">, model: Model): { path: string[]; node: string | null } | null {
  if (problem.property) return null;
  const said = WITHIN.exec(problem.message)?.[1]?.split(BETWEEN);
  if (said && problem.node) return { path: [problem.node, ...said.slice(0, -1)], node: said.at(-1) ?? null };
  const component = problem.node ? null : /^in the component '(\w+)': /.exec(problem.message)?.[1];
  const way = component ? wayTo(model, component) : null;
  return way && { path: way, node: named(problem.message, componentAt(model, way)?.nodes ?? []) };
}

/** A node of the component, through other components where it must be. */
function wayTo(model: Model, component: string, nodes: readonly ModelNode[] = model.nodes, left = 8): string[] | null {
  const direct = nodes.find((node) => node.component === component);
  if (direct) return [direct.id];
  for (const node of left ? nodes : []) {
    const own = model.components.find((each) => each.name === node.component);
    const way = own && wayTo(model, component, own.nodes, left - 1);
    if (way) return [node.id, ...way];
  }
  return null;
}

/** The first node that a message names. */
function named(message: string, nodes: readonly ModelNode[]): string | null {
  const words = [...message.slice(message.indexOf(": ")).matchAll(/'(\w+)'/g)].map((each) => each[1]);
  return words.find((word) => nodes.some((node) => node.id === word)) ?? null;
}

/** A message as it is said so deep inside. */
function seenFrom(depth: number, whole: readonly string[], message: string): string {
  const rest = whole.slice(depth).join(BETWEEN);
  return message.replace(WITHIN, rest ? `inside, at '${rest}': ` : "");
}

/** The problems of the inside, each at the node of it that has it or leads to it. What mends them is offered outside. */
function problemsInside(problems: readonly Diagnostic[], model: Model, path: readonly string[]): Diagnostic[] {
  const component = componentAt(model, path);
  return problems.flatMap((problem) => {
    const place = placeInside(problem, model);
    const whole = place && [...place.path, ...(place.node ? [place.node] : [])];
    const here = whole && path.every((node, i) => whole[i] === node) ? whole[path.length]
      : place?.node && !problem.node && componentAt(model, place.path)?.name === component?.name ? place.node : undefined;
    return here === undefined || isEnd(here) ? [] : [{ ...problem, node: here, property: null, fixes: [], message: seenFrom(path.length + 1, whole ?? [], problem.message) }];
  });
}
