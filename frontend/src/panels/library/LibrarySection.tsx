import { ActionIcon, Button } from "@mantine/core";
import { IconArrowUp, IconBooks, IconPlus, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { found } from "../../actions";
import { type LibraryComponent, useDeleteComponent, useSaveComponent } from "../../api/library";
import { ConfirmButton, ErrorNote } from "../../design";
import { copyIn, copying, outdated, taken } from "../../document/library";
import { plural, t } from "../../i18n";
import { act } from "../canvas/desk";
import { addNode } from "../canvas/operations";
import { textOf, useEditor } from "../document/editor";
import classes from "./library.module.css";
import { useProjectLibrary } from "./offered";

/** Components of the project's library, and those of the document that could be in it. */
export function LibrarySection({ query, canEdit, card }: Pick<ShownProps, "query" | "canEdit" | "card">) {
  const { project, data, error } = useProjectLibrary();
  if (error) return <ErrorNote error={error} />;
  if (!project || !data) return null;
  return <Shown project={project} library={data} query={query} canEdit={canEdit} card={card} />;
}

const MOST = 200;
const wordsOf = ({ name, title, doc }: { name: string; title: string; doc: string }) => `${title} ${name} ${doc}`;

interface ShownProps {
  project: string;
  library: readonly LibraryComponent[];
  query: string;
  canEdit: boolean;
  /** A component as the drawer shows all of them. */
  card: (name: string) => ReactNode;
}

function Shown({ project, library, query, canEdit, card }: ShownProps) {
  const text = useEditor(textOf);
  const own = useEditor((state) => state.model.components);
  const save = useSaveComponent(project);
  const forget = useDeleteComponent(project);
  const shown = found(query, library, ({ declaration }) => wordsOf(declaration), MOST);
  const unsaved = found(query, own.filter(({ name }) => !library.some((each) => each.name === name)), wordsOf, MOST);
  const old = outdated(text, library);
  if (!shown.length && !unsaved.length) return null;
  const keep = (name: string) => {
    const components = taken(text, name);
    const said = (version: number) => t("“{name}” is in the library, version {version}", { name, version });
    if (components) save.mutate({ name, components }, { onSuccess: ({ version }) => act(said(version), () => ({ kind: "set_in", path: ["components", name, "version"], value: version })) });
  };
  return (
    <section aria-label={t("Library of {project}", { project })} className={classes.library}>
      <h3>{t("Library of {project}", { project })}</h3>
      {save.error || forget.error ? <ErrorNote error={save.error ?? forget.error} /> : null}
      {old.length ? (
        <Button size="compact-xs" variant="light" leftSection={<IconArrowUp size={13} aria-hidden />} disabled={!canEdit} onClick={() => old.forEach((each) => update(text, each))}>
          {plural(old.length, "Take the newer version of {count} component", "Take the newer versions of {count} components")}
        </Button>
      ) : null}
      {shown.map((each) => (
        <Entry key={each.name} entry={each} text={text} card={card} canEdit={canEdit} newer={old.includes(each)} onKeep={() => keep(each.name)} onForget={() => forget.mutate(each.name)} />
      ))}
      {unsaved.map(({ name, title }) => (
        <div key={name} className={classes.entry}>
          <span className="p-truncate" title={name}>{title}</span>
          <Button size="compact-xs" variant="default" leftSection={<IconBooks size={13} aria-hidden />} disabled={!canEdit} loading={save.isPending} onClick={() => keep(name)}>{t("Keep in the library")}</Button>
        </div>
      ))}
    </section>
  );
}

interface EntryProps {
  entry: LibraryComponent;
  card: ShownProps["card"];
  text: string;
  canEdit: boolean;
  newer: boolean;
  onKeep: () => void;
  onForget: () => void;
}

function Entry({ entry, card, text, canEdit, newer, onKeep, onForget }: EntryProps) {
  const { name, version, declaration } = entry;
  const copy = copyIn(text, name);
  const clashes = copying(text, entry).clashing;
  const why = clashes.length && !copy?.version ? t("The document has another component called {names}", { names: clashes.join(", ") }) : `${t("version {version}", { version })}. ${declaration.doc}`;
  return (
    <div className={classes.entry}>
      <div className={classes.card} title={why}>{card(name)}</div>
      {newer ? <ActionIcon size="sm" variant="light" aria-label={t("Take version {version} of {name}", { version, name })} title={t("Take version {version} of {name}", { version, name })} disabled={!canEdit} onClick={() => update(text, entry)}><IconArrowUp size={13} /></ActionIcon> : null}
      {copy ? <ActionIcon size="sm" variant="subtle" color="gray" aria-label={t("Keep this document’s {name} in the library", { name })} title={t("Keep this document’s {name} in the library", { name })} disabled={!canEdit} onClick={onKeep}><IconBooks size={13} /></ActionIcon> : null}
      <ActionIcon size="sm" variant="default" aria-label={t("Add {component}", { component: declaration.title })} title={t("Add {component}", { component: declaration.title })}
        disabled={!canEdit || (clashes.length > 0 && !copy)} onClick={() => addNode({ component: name })}><IconPlus size={13} /></ActionIcon>
      <ConfirmButton size="compact-xs" variant="subtle" color="gray" aria-label={t("Delete {name} from the library", { name })} disabled={!canEdit} confirm={t("Delete")}
        question={t("Delete {name} from the library? Pipelines that use it keep their copies.", { name })} onConfirm={onForget}><IconX size={13} aria-hidden /></ConfirmButton>
    </div>
  );
}

function update(text: string, entry: LibraryComponent) {
  const { name, version } = entry;
  act(t("Take version {version} of {name}", { version, name }), () => copying(text, entry).command);
}
