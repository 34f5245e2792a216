import { ActionIcon, Checkbox, TextInput } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { type DragEvent, type KeyboardEvent, useMemo, useRef, useState } from "react";

import { found } from "../../actions";
import { successors } from "../../document/gestures";
import { said, t } from "../../i18n";
import { useEditor } from "../document/editor";
import { LibrarySection } from "../library/LibrarySection";
import { LIBRARY } from "../library/offered";
import { ComponentDocs } from "../node/ComponentDocs";
import { type Catalogue, type Verb, offered } from "./catalogue";
import type { Desk } from "./desk";
import { COMPONENT_TYPE } from "./dropping";
import classes from "./editing.module.css";
import { FAMILIES, FamilyIcon, familyTitle } from "./families";
import { addNode, labelOf } from "./operations";
import { useSelection } from "./selection";
import { toggleShown } from "./shown";

/** All components, by family: dragged onto the canvas or a wire, or added behind what is selected. */
export function Components({ desk }: { desk: Desk }) {
  const [query, setQuery] = useState("");
  const [only, setOnly] = useState(false);
  const [active, setActive] = useState<string | null>(null);
  const primary = useSelection((state) => state.primary);
  const model = useEditor((state) => state.model);
  const list = useRef<HTMLDivElement>(null);
  const legal = useMemo(() => (primary ? new Set(successors(model, desk.ports, primary).map(({ component }) => component)) : null), [model, desk.ports, primary]);
  const shown = useMemo(() => sections(desk.catalogue, query, only ? legal : null), [desk.catalogue, query, only, legal]);
  const shownVerb = active ? desk.catalogue.get(active) : undefined;
  const add = (verb: Verb) => addNode({ component: verb.name, ...(primary && legal?.has(verb.name) ? { after: { node: primary } } : {}) });
  const card = (name: string) => {
    const verb = desk.catalogue.get(name);
    return verb ? <Card key={name} verb={verb} illegal={legal !== null && !legal.has(name)} onAdd={() => add(verb)} onShow={() => setActive(name)} /> : null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const cards = [...(list.current?.querySelectorAll<HTMLElement>("button[draggable]") ?? [])];
    const at = cards.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    cards[Math.max(0, Math.min(cards.length - 1, to))]?.focus();
  };
  return (
    <aside className={classes.drawer} aria-label={t("Components")} onKeyDown={onKeyDown}>
      <div className={classes.drawerHead}>
        <h2>{t("Components")}<ActionIcon size="xs" aria-label={t("Close the components")} onClick={() => toggleShown("components", false)}><IconX size={13} /></ActionIcon></h2>
        <TextInput size="xs" leftSection={<IconSearch size={13} />} placeholder={t("Search components")} aria-label={t("Search components")} value={query}
          onChange={(event) => setQuery(event.currentTarget.value)} />
        {primary ? <Checkbox size="xs" checked={only} onChange={(event) => setOnly(event.currentTarget.checked)} label={t("Only what fits behind “{node}”", { node: labelOf(primary) })} /> : null}
      </div>
      <div className={classes.drawerBody} ref={list}>
        {shown.map(({ family, verbs }) => (
          <section key={family} aria-label={familyTitle(family)}>
            <h3>{familyTitle(family)}</h3>
            {verbs.map((verb) => card(verb.name))}
          </section>
        ))}
        <LibrarySection query={query} canEdit={desk.canEdit} card={card} />
        {matching(offered(desk.catalogue), query).length ? null : <p className={classes.none}>{t("No component is called “{query}”.", { query })}</p>}
      </div>
      <div className={classes.doc}>
        {shownVerb ? <><strong>{said(shownVerb.title)}</strong><ComponentDocs verb={shownVerb} brief /></> : t("Drag onto the canvas, or onto a wire. Enter or a double click adds behind what is selected.")}
      </div>
    </aside>
  );
}

function Card({ verb, illegal, onAdd, onShow }: { verb: Verb; illegal: boolean; onAdd: () => void; onShow: () => void }) {
  const onDragStart = (event: DragEvent) => {
    event.dataTransfer.setData(COMPONENT_TYPE, verb.name);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <button type="button" className={classes.card} data-family={verb.family} data-illegal={illegal || undefined} draggable title={said(verb.doc)}
      onDragStart={onDragStart} onMouseEnter={onShow} onFocus={onShow} onDoubleClick={onAdd}
      onClick={(event) => { if (event.detail === 0) onAdd(); }}>
      <FamilyIcon family={verb.family} component={verb.name} />
      <span className="p-truncate">{said(verb.title)}</span>
    </button>
  );
}

function matching(verbs: readonly Verb[], query: string): Verb[] {
  return found(query, verbs, (verb) => `${said(verb.title)} ${verb.title} ${verb.name} ${verb.family} ${verb.doc}`, 200);
}

function sections(catalogue: Catalogue, query: string, legal: ReadonlySet<string> | null): Array<{ family: string; verbs: Verb[] }> {
  const all = offered(catalogue).filter((verb) => legal === null || legal.has(verb.name));
  const some = matching(all.filter((verb) => verb.family !== LIBRARY), query);
  const families = [...new Set([...FAMILIES, ...some.map((verb) => verb.family)])];
  return families.map((family) => ({ family, verbs: some.filter((verb) => verb.family === family) })).filter(({ verbs }) => verbs.length);
}
