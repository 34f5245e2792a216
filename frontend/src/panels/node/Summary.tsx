import { ActionIcon, Button, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type RefObject, useRef } from "react";

import type { ModelParameter } from "../../document/model";
import { t } from "../../i18n";
import { useEditor, useEditorStore } from "../document/editor";
import panels from "../run/panels.module.css";
import { useDraft } from "./fields";
import classes from "./node.module.css";
import { SETTINGS } from "./settings";
import { Name } from "./widgets/expressions";
import { Suggest } from "./widgets/Suggest";

interface SummaryProps {
  canEdit: boolean;
  onSelect: (node: string) => void;
}

type Path = Array<string | number>;

/** Changes a part of the document; letters that follow each other are one step of undo. */
function useSet() {
  const editor = useEditorStore();
  return (path: Path, value: unknown, label: string) =>
    editor.getState().change({ kind: "set_in", path, ...(value === undefined ? {} : { value }) }, label, path.join("."));
}

/** The pipeline as a whole, while no node is selected: its name, what a run may set, how the job works. */
export function Summary({ canEdit, onSelect }: SummaryProps) {
  const model = useEditor((state) => state.model);
  const set = useSet();
  const name = useDraft(model.name, (text) => text.trim() && set(["name"], text.trim(), t("Rename the pipeline")));
  const about = useDraft(model.description, (text) => set(["description"], text.trim() || undefined, t("Describe the pipeline")));
  return (
    <div className={classes.panel}>
      <div className={classes.title}><h2>{model.name}</h2></div>
      <div className={classes.field}><TextInput label={t("Name in the document")} disabled={!canEdit} {...name} /></div>
      <div className={classes.field}>
        <Textarea label={t("Description")} autosize minRows={1} maxRows={8} disabled={!canEdit} {...about}
          onKeyDown={(event) => event.key !== "Enter" && about.onKeyDown(event)} />
      </div>
      <Parameters parameters={model.parameters} canEdit={canEdit} />
      <Settings settings={model.settings} canEdit={canEdit} />
      <section className={classes.section}>
        <h3>{t("Nodes ({count})", { count: model.nodes.length })}</h3>
        <p className="p-muted" style={{ margin: "0 0 4px" }}>{t("Select one to see its settings, columns and figures.")}</p>
        {model.nodes.map((node) => (
          <div key={node.id}><button type="button" className={panels.link} onClick={() => onSelect(node.id)}>{node.label || node.id}</button> <span className="p-muted">{node.component}</span></div>
        ))}
      </section>
    </div>
  );
}

function focusNewest(list: RefObject<HTMLElement | null>): void {
  requestAnimationFrame(() => list.current?.querySelector<HTMLInputElement>("li:last-child input")?.select());
}

function Parameters({ parameters, canEdit }: { parameters: readonly ModelParameter[]; canEdit: boolean }) {
  const editor = useEditorStore();
  const list = useRef<HTMLUListElement>(null);
  const set = useSet();
  const taken = (name: string) => parameters.some((each) => each.name === name);
  const add = () => {
    let number = 1;
    while (taken(`parameter_${number}`)) number++;
    set(["parameters", `parameter_${number}`], { default: "1" }, t("Add a parameter"));
    focusNewest(list);
  };
  const remove = (name: string) => set(parameters.length > 1 ? ["parameters", name] : ["parameters"], undefined, t("Remove the parameter {name}", { name }));
  const rename = (name: string, to: string) => {
    const entries = parameters.map((each): [string, unknown] => [each.name === name ? to : each.name, valueOf(each)]);
    editor.getState().change({ kind: "set_in", path: ["parameters"], value: Object.fromEntries(entries) }, t("Rename the parameter {name}", { name }));
  };
  return (
    <section className={classes.section}>
      <h3>{t("Parameters")}</h3>
      {parameters.length ? null : <p className="p-muted" style={{ margin: 0 }}>{t("None: each run is the same.")}</p>}
      <ul className={classes.list} ref={list} aria-label={t("Parameters")}>
        {parameters.map((each, i) => (
          <li key={i} className={classes.entry}>
            <div className={classes.row}>
              <Name name={each.name} label={t("Name of parameter {number}", { number: i + 1 })} disabled={!canEdit} taken={(other) => other !== each.name && taken(other)}
                onChange={(next) => rename(each.name, next)} />
              <Cell value={each.default ?? ""} label={t("Default of {name}", { name: each.name })} placeholder={t("no default")} disabled={!canEdit}
                onChange={(text) => set(["parameters", each.name, "default"], text || undefined, t("Set the default of {name}", { name: each.name }))} />
              {canEdit ? <ActionIcon size="sm" aria-label={t("Remove {name}", { name: each.name })} onClick={() => remove(each.name)}><IconTrash size={13} /></ActionIcon> : null}
            </div>
            <Cell value={each.description} label={t("Description of {name}", { name: each.name })} placeholder={t("what it is for")} disabled={!canEdit}
              onChange={(text) => set(["parameters", each.name, "description"], text || undefined, t("Describe {name}", { name: each.name }))} />
          </li>
        ))}
      </ul>
      {canEdit ? <Button variant="subtle" leftSection={<IconPlus size={12} />} onClick={add}>{t("Add a parameter")}</Button> : null}
      {parameters.length ? <p className="p-muted" style={{ margin: 0 }}>{t("A property refers to one as ${name}.")}</p> : null}
    </section>
  );
}

function valueOf(parameter: ModelParameter): Record<string, string> {
  return {
    ...(parameter.default === null ? {} : { default: parameter.default }),
    ...(parameter.description ? { description: parameter.description } : {}),
  };
}

function Settings({ settings, canEdit }: { settings: Readonly<Record<string, unknown>>; canEdit: boolean }) {
  const list = useRef<HTMLUListElement>(null);
  const set = useSet();
  const entries = Object.entries(settings);
  const free = SETTINGS.filter((each) => !(each.name in settings));
  const suggestions = free.map((each) => ({ value: each.name, note: t(each.help) }));
  const add = () => {
    const [next] = free;
    if (next) set(["settings", next.name], next.example, t("Add a setting"));
    focusNewest(list);
  };
  const rename = (name: string, to: string) => {
    if (to === name || to in settings || !to) return;
    const known = SETTINGS.find((each) => each.name === to);
    set(["settings"], Object.fromEntries(entries.map(([each, value]) => (each === name ? [to, known?.example ?? value] : [each, value]))), t("Set {name}", { name: to }));
  };
  const remove = (name: string) => set(entries.length > 1 ? ["settings", name] : ["settings"], undefined, t("Remove {name}", { name }));
  return (
    <section className={classes.section}>
      <h3>{t("Settings")}</h3>
      <ul className={classes.list} ref={list} aria-label={t("Settings")}>
        {entries.map(([name, value], i) => {
          const known = SETTINGS.find((each) => each.name === name);
          return (
            <li key={i} className={classes.entry}>
              <div className={classes.row}>
                <SettingName name={name} number={i + 1} suggestions={suggestions} disabled={!canEdit} onChange={(next) => rename(name, next)} />
                <Cell value={String(value)} label={t("Value of {name}", { name })} disabled={!canEdit} values={known?.values ?? []}
                  onChange={(text) => text && set(["settings", name], text, t("Set {name}", { name }))} />
                {canEdit ? <ActionIcon size="sm" aria-label={t("Remove {name}", { name })} onClick={() => remove(name)}><IconTrash size={13} /></ActionIcon> : null}
              </div>
              {known ? <div className={classes.help}>{t(known.help)}</div> : null}
            </li>
          );
        })}
      </ul>
      {canEdit && free.length ? <Button variant="subtle" leftSection={<IconPlus size={12} />} onClick={add}>{t("Add a setting")}</Button> : null}
    </section>
  );
}

interface SettingNameProps {
  name: string;
  number: number;
  suggestions: ReadonlyArray<{ value: string; note: string }>;
  disabled: boolean;
  onChange: (name: string) => void;
}

function SettingName({ name, number, suggestions, disabled, onChange }: SettingNameProps) {
  const field = useDraft(name, (text) => onChange(text.trim()));
  return (
    <div style={{ flex: 2, minWidth: 0 }}>
      <Suggest field={field} label={t("Name of setting {number}", { number })} suggestions={suggestions} disabled={disabled} onTake={onChange} mono />
    </div>
  );
}

interface CellProps {
  value: string;
  label: string;
  placeholder?: string;
  disabled: boolean;
  values?: readonly string[];
  onChange: (text: string) => void;
}

function Cell({ value, label, placeholder, disabled, values = [], onChange }: CellProps) {
  const field = useDraft(value, (text) => onChange(text.trim()));
  return (
    <div style={{ flex: 1, minWidth: 0 }}>
      <Suggest field={field} label={label} placeholder={placeholder ?? ""} disabled={disabled} suggestions={values.map((each) => ({ value: each }))} onTake={onChange} />
    </div>
  );
}
