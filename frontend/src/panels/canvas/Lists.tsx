/** The lists over the canvas: what to add, what to connect to, what to find, which group to go into. */

import { useMemo } from "react";

import * as gestures from "../../document/gestures";
import { CommandError } from "../../document/errors";
import { said, t } from "../../i18n";
import { useEditor } from "../document/editor";
import { ComponentDocs } from "../node/ComponentDocs";
import { type Catalogue, type Verb, offered } from "./catalogue";
import { type Desk, modelOf } from "./desk";
import { FamilyIcon, familyTitle, FAMILIES } from "./families";
import { addNode, connect, labelOf, regroup, settle } from "./operations";
import { close, type Overlay } from "./overlay";
import { type Pick, PickList } from "./PickList";
import { choose } from "./selection";

type Asked<K extends Overlay["kind"]> = Extract<Overlay, { kind: K }>;

interface AddPick extends Pick {
  component: string;
  wired: boolean;
  ports: readonly (string | undefined)[];
}

/** What can come here, best guess first; behind it, where nothing is to be wired by force, all the others. */
export function AddList({ asked, desk }: { asked: Asked<"add">; desk: Desk }) {
  const model = useEditor((state) => state.model);
  const { after, before, onEdge, at, point } = asked;
  const items = useMemo(() => {
    const legal = legalFor(desk, { after, before, onEdge });
    const near = after ?? before?.node;
    const heading = onEdge ? t("Fits on this wire") : near === undefined ? "" : after ? t("Fits behind “{node}”", { node: labelOf(after) }) : t("Fits before “{node}”", { node: labelOf(near) });
    const wired = legal.flatMap(({ component, ports }) => pick(desk.catalogue, component, { group: heading, wired: true, ports }));
    const shown = new Set(legal.map(({ component }) => component));
    const must = onEdge !== undefined || before !== undefined || point !== null;
    const rest = must && wired.length ? [] : inFamilies(desk.catalogue).filter((name) => !shown.has(name)).flatMap((name) => pick(desk.catalogue, name, {
      group: near === undefined ? familyTitle(desk.catalogue.get(name)?.family ?? "") : t("Without a wire"), wired: false, ports: [undefined] }));
    return [...wired, ...rest];
  }, [desk, after, before, onEdge, point, model]); // eslint-disable-line react-hooks/exhaustive-deps
  const onPick = (item: AddPick, way: number) => {
    close();
    const port = item.ports[way];
    addNode({
      component: item.component, at,
      ...(item.wired && onEdge ? { onEdge } : {}),
      ...(item.wired && after ? { after: { node: after, port } } : {}),
      ...(item.wired && before ? { before } : {}),
    });
  };
  return <PickList label={t("Add a node")} placeholder={t("Filter, join, learn…")} items={items} onPick={onPick} point={point}
    empty={(query) => t("No component is called “{query}”.", { query })} />;
}

interface Legal {
  component: string;
  ports: readonly (string | undefined)[];
}

/** The components that can be wired as it was asked, with the inputs that the wire may end at. */
function legalFor(desk: Desk, { after, before, onEdge }: Omit<Asked<"add">, "kind" | "point" | "at">): Legal[] {
  const model = modelOf(desk);
  if (after !== undefined) {
    const gives = gestures.nodeView(model, desk.ports, after)?.gives;
    return gestures.successors(model, desk.ports, after).map(({ component }) => ({ component,
      ports: (desk.catalogue.get(component)?.inputs ?? []).filter((port) => port.relation === gives).map((port) => port.name) }));
  }
  if (before !== undefined) return gestures.predecessors(model, desk.ports, before.node, before.port).map(({ component }) => ({ component, ports: [undefined] }));
  if (onEdge === undefined) return [];
  return gestures.successors(model, desk.ports, onEdge.from).map(({ component }) => component)
    .filter((component) => fits(() => gestures.addNode(model, desk.ports, { component, onEdge }))).map((component) => ({ component, ports: [undefined] }));
}


function fits(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

function inFamilies(catalogue: Catalogue): string[] {
  const order = (name: string) => { const i = FAMILIES.indexOf(catalogue.get(name)?.family ?? ""); return i < 0 ? FAMILIES.length : i; };
  return offered(catalogue).map((verb) => verb.name).sort((a, b) => order(a) - order(b));
}

function described(verb: Verb): Omit<AddPick, "group" | "component" | "wired" | "ports"> {
  return { id: verb.name, label: said(verb.title), hint: familyTitle(verb.family), about: said(verb.doc), words: `${verb.name} ${verb.family} ${verb.doc} ${verb.title}`,
    icon: <FamilyIcon family={verb.family} component={verb.name} />, docs: () => <ComponentDocs verb={verb} brief /> };
}

function pick(catalogue: Catalogue, component: string, more: { group: string; wired: boolean; ports: readonly (string | undefined)[] }): AddPick[] {
  const verb = catalogue.get(component);
  return verb ? [{ ...described(verb), component, ...more, ways: more.ports.length > 1 ? more.ports.map((port) => t("to {port}", { port: port ?? "" })) : undefined }] : [];
}

interface ConnectPick extends Pick {
  from: string;
  to: string;
  port: string;
}

/** Every wire that may go from the node, or to it. */
export function ConnectList({ asked, desk }: { asked: Asked<"connect">; desk: Desk }) {
  const model = useEditor((state) => state.model);
  const items = useMemo(() => [...wiresFrom(desk, asked.node), ...wiresTo(desk, asked.node)], [desk, asked.node, model]); // eslint-disable-line react-hooks/exhaustive-deps
  const onPick = ({ from, to, port }: ConnectPick) => {
    close();
    connect(from, to, port);
  };
  return <PickList label={t("Connect “{node}”", { node: labelOf(asked.node) })} placeholder={t("To which node?")} items={items} onPick={onPick}
    empty={() => t("Nothing here can be wired to “{node}”. Add a node behind it with Tab.", { node: labelOf(asked.node) })} />;
}

function wiresFrom(desk: Desk, node: string): ConnectPick[] {
  const model = modelOf(desk);
  return model.nodes.flatMap((target) => (gestures.nodeView(model, desk.ports, target.id)?.inputs ?? []).flatMap((port) => {
    if (gestures.judge(model, desk.ports, node, target.id, port.name).why !== undefined) return [];
    return [wirePick(desk, node, target.id, port.name, t("“{node}” feeds", { node: labelOf(node) }), target.id)];
  }));
}

function wiresTo(desk: Desk, node: string): ConnectPick[] {
  const model = modelOf(desk);
  return (gestures.nodeView(model, desk.ports, node)?.inputs ?? []).flatMap((port) => model.nodes.flatMap((source) =>
    (gestures.judge(model, desk.ports, source.id, node, port.name).why === undefined
      ? [wirePick(desk, source.id, node, port.name, t("“{node}” reads", { node: labelOf(node) }), source.id)] : [])));
}

function wirePick(desk: Desk, from: string, to: string, port: string, group: string, other: string): ConnectPick {
  const component = modelOf(desk).nodes.find((each) => each.id === other)?.component ?? "";
  const verb = desk.catalogue.get(component);
  return { id: `${from}>${to}.${port}`, label: labelOf(other), hint: t("input {port}", { port }), group, words: `${other} ${component} ${port}`, from, to, port,
    about: t("{from} to the input “{port}” of {to}", { from: labelOf(from), port, to: labelOf(to) }), icon: <FamilyIcon family={verb?.family ?? ""} component={component} /> };
}

interface FindPick extends Pick {
  node: string;
  part: boolean;
}

/** Nodes by name, label, component, column or a word of their settings. */
export function FindList({ desk, onNode }: { desk: Desk; onNode: (node: string, property: string | null) => void }) {
  const model = useEditor((state) => state.model);
  const schemas = useEditor((state) => state.good?.nodes);
  const titles = useMemo(() => new Map([...desk.catalogue].map(([name, verb]) => [name, said(verb.title)])), [desk.catalogue]);
  const items = useMemo(() => (query: string): readonly FindPick[] => {
    if (!query.trim()) return model.nodes.map((node) => hitPick(desk, node.id, "", null));
    return gestures.find(model, schemas ?? {}, query, titles).map((hit) => hitPick(desk, hit.node, whereTold(hit.where, hit.text), hit.property ?? null));
  }, [model, schemas, titles, desk]);
  const onPick = (item: FindPick & { property?: string | null }) => {
    close();
    if (item.part) choose({ parts: [item.node] });
    else {
      settle([item.node]);
      if (item.property) onNode(item.node, item.property);
    }
  };
  return <PickList label={t("Find on the canvas")} placeholder={t("Name, column, component or setting")} items={items} onPick={onPick}
    empty={(query) => t("Nothing here has “{query}” in its name, columns or settings.", { query })} />;
}

function hitPick(desk: Desk, node: string, hint: string, property: string | null): FindPick & { property: string | null } {
  const found = modelOf(desk).nodes.find((each) => each.id === node);
  const verb = desk.catalogue.get(found?.component ?? "");
  return { id: node, label: labelOf(node), hint: hint || said(verb?.title ?? ""), about: hint, group: "", node, part: found === undefined, property,
    icon: <FamilyIcon family={verb?.family ?? ""} component={found?.component} /> };
}

function whereTold(where: gestures.Hit["where"], text: string): string {
  if (where === "column") return t("column {name}", { name: text });
  return where === "name" || where === "label" ? "" : text;
}

interface GroupPick extends Pick {
  to: string | null;
}

export function RegroupList({ asked }: { asked: Asked<"regroup"> }) {
  const groups = useEditor((state) => state.model.groups);
  const items = useMemo((): GroupPick[] => [
    ...groups.map(({ id, label, nodes }) => ({ id, label: label || id, hint: nodes.join(", "), group: "", to: id })),
    { id: "", label: t("No group"), group: "", to: null },
  ], [groups]);
  const onPick = ({ to }: GroupPick) => {
    close();
    regroup(asked.nodes, to);
  };
  return <PickList label={t("Move into a group")} placeholder={t("Which group?")} items={items} onPick={onPick} empty={() => t("There is no such group.")} />;
}
