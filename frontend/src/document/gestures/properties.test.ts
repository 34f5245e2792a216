/** Whatever is done by gestures, the graph stays one that can be: wires end at free inputs that take them, nothing feeds itself. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type Command, CommandError, type Pipeline, apply } from "../commands";
import { type Model, readModel } from "../model";
import {
  addNode, addNote, connectWire, copyNodes, cyclePort, duplicate, expandComponent, group, pasteNodes, reconnect, removeHealing, saveAsComponent, splice,
  successors, tidy, toggleDisabled, ungroup,
} from ".";
import { PORTS } from "./fixture";

const SHOP = readFileSync(new URL("../../../../examples/shop.yaml", import.meta.url), "utf8");

/** Small and fast, the same numbers for the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function anyGesture(model: Model, { layout }: Pipeline, pick: (below: number) => number, step: number): Command | null {
  const ids = model.nodes.map((node) => node.id);
  const id = () => ids[pick(ids.length)] ?? "";
  const some = () => ids.filter(() => pick(4) === 0);
  const edge = model.edges[pick(Math.max(model.edges.length, 1))];
  const names = PORTS.names;
  const component = names[pick(names.length)] ?? "";
  switch (pick(16)) {
    case 0: return connectWire(model, PORTS, id(), id());
    case 1: return edge ? reconnect(model, PORTS, edge, pick(2) ? { from: id() } : { to: id() }) : null;
    case 2: return edge ? cyclePort(model, PORTS, edge) : null;
    case 3: return addNode(model, PORTS, { component, at: [pick(900), pick(900)] }).command;
    case 4: return edge ? addNode(model, PORTS, { component, onEdge: edge }).command : null;
    case 5: {
      const node = id();
      const [next] = successors(model, PORTS, node);
      return next ? addNode(model, PORTS, { component: next.component, after: { node } }).command : null;
    }
    case 6: return edge ? splice(model, PORTS, id(), edge) : null;
    case 7: return removeHealing(model, PORTS, [id(), id()]);
    case 8: return duplicate(model, some(), layout, pick(2) === 0).command;
    case 9: return pasteNodes(model, PORTS, copyNodes(model, layout, some()), { keepWires: pick(2) === 0 }).command;
    case 10: return group(model, some(), "G").command;
    case 11: return model.groups[0] ? ungroup(model, model.groups[0].id) : addNote(model, "n", [1, 2]).command;
    case 12: return toggleDisabled(model, some());
    case 13: return saveAsComponent(model, PORTS, [id(), id()], { name: `own${step}` }).command;
    case 14: return expandComponent(model, PORTS, model.nodes.find((node) => node.component.startsWith("own"))?.id ?? "", layout).command;
    default: return { kind: "move_nodes", positions: tidy(ids, model.edges, layout, model.groups) };
  }
}

/** By its own reading of the ports: what the edges of a model do wrong. */
function wrongs(model: Model): string[] {
  const relation = (id: string) => {
    let component = model.nodes.find((node) => node.id === id)?.component ?? "";
    let own = model.components.find((each) => each.name === component);
    while (own) {
      component = own.nodes.find((node) => node.id === own?.output)?.component ?? "";
      own = model.components.find((each) => each.name === component);
    }
    return PORTS.find(component)?.gives ?? null;
  };
  const found: string[] = [];
  const taken = new Set<string>();
  for (const { from, to, port } of model.edges) {
    const target = model.nodes.find((node) => node.id === to);
    if (!target || !model.nodes.some((node) => node.id === from)) {
      found.push(`${from} > ${to}: no such node`);
      continue;
    }
    const own = model.components.find((each) => each.name === target.component);
    if (own) {
      if (port && !own.inputs.some((input) => input.name === port)) found.push(`${to}.${port}: no such input`);
      continue;
    }
    const inputs = PORTS.find(target.component)?.inputs ?? [];
    const input = port ? inputs.find((each) => each.name === port) : (inputs.find((each) => each.relation === relation(from)) ?? inputs[0]);
    if (!input || input.relation !== relation(from)) found.push(`${from} > ${to}.${port}: does not fit`);
    else if (taken.has(`${to}.${input.name}`) && !input.many) found.push(`${to}.${input.name}: twice`);
    taken.add(`${to}.${input?.name ?? ""}`);
  }
  const depth = new Map<string, number>();
  const onWay = (id: string, way: readonly string[]): void => {
    if (way.includes(id)) found.push(`circle at ${id}`);
    else if ((depth.get(id) ?? -1) < way.length) {
      depth.set(id, way.length);
      for (const edge of model.edges) if (edge.from === id) onWay(edge.to, [...way, id]);
    }
  };
  for (const node of model.nodes.slice(0, 40)) onWay(node.id, []);
  for (const each of model.groups) for (const node of each.nodes) if (!model.nodes.some(({ id }) => id === node)) found.push(`group of ${node}`);
  return found;
}

it.each([1, 2, 3])("wires are right, and all can be taken back (seed %i)", (seed) => {
  const pick = random(seed);
  const start: Pipeline = { text: SHOP, layout: {} };
  const inverses: Command[] = [];
  let now = start;
  for (let step = 0; step < 30; step++) {
    const model = readModel(now.text);
    if (model.nodes.length > 60) break;
    try {
      const command = anyGesture(model, now, pick, step);
      if (!command) continue;
      const applied = apply(now, command);
      expect(wrongs(readModel(applied.pipeline.text)), JSON.stringify(command)).toEqual([]);
      inverses.unshift(applied.inverse);
      now = applied.pipeline;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }
  expect(inverses.length).toBeGreaterThan(8);
  expect(apply(now, { kind: "all", commands: inverses }).pipeline).toEqual(start);
}, 60_000);
