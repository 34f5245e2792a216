import { ActionIcon } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useEffect, useId, useRef } from "react";

import type { Diagnostic, PropertySpec } from "../../api/types";
import { CommandError } from "../../document/commands";
import { portsOf, renameColumn } from "../../document/gestures";
import type { ModelNode } from "../../document/model";
import { same } from "../../document/splice";
import { printYaml } from "../../document/yaml";
import { said, t } from "../../i18n";
import { type Verb, useKnown } from "../canvas/catalogue";
import { diagnosticsOf, useEditor, useEditorStore } from "../document/editor";
import { Fixes } from "../problems/Fixes";
import panels from "../run/panels.module.css";
import { shown } from "./fields";
import { schemasOf } from "./incoming";
import type { Lineage } from "./lineage";
import classes from "./node.module.css";
import { WIDGETS } from "./widgets";

interface PropertiesProps {
  node: ModelNode;
  verb: Verb | undefined;
  focus: string | null;
  canEdit: boolean;
  onReveal: (node: string, property?: string) => void;
}

const nameless = (name: string): PropertySpec => ({ name, kind: "", label: name, help: "", required: false, default: null, port: null, limits: {}, schema: {} });

/** The properties of a node: a widget for each kind, YAML as it stands for what has none. Each change is a command. */
export function Properties({ node, verb, focus, canEdit, onReveal }: PropertiesProps) {
  const editor = useEditorStore();
  const rename = useRenaming(node.id);
  const specs = verb?.properties ?? [];
  const unknown = Object.keys(node.properties).filter((name) => !specs.some((spec) => spec.name === name));
  const change = (property: string) => (value: unknown) => {
    if (!same(value, node.properties[property])) {
      editor.getState().change({ kind: "set_property", node: node.id, property, value }, t("Set {node}.{property}", { node: node.id, property }), `${node.id}.${property}`);
    }
  };
  const all = [...specs.map((spec) => ({ ...nameless(spec.name), ...spec })), ...unknown.map(nameless)];
  if (!all.length) return <p className="p-muted">{t("This component has no properties.")}</p>;
  return all.map((spec) => (
    <Property key={spec.name} node={node} spec={spec} focused={spec.name === focus} canEdit={canEdit} onChange={change(spec.name)} onRename={rename}
      onReveal={() => onReveal(node.id, spec.name)} />
  ));
}

interface PropertyProps {
  node: ModelNode;
  spec: PropertySpec;
  focused: boolean;
  canEdit: boolean;
  onChange: (value: unknown) => void;
  onRename: (from: string, to: string) => boolean;
  onReveal: () => void;
}

/** Renames a column of a node where it is read, too, in one step. */
function useRenaming(node: string): (from: string, to: string) => boolean {
  const editor = useEditorStore();
  const catalogue = useKnown();
  return (from, to) => {
    const state = editor.getState();
    try {
      const lineage = { ...state.good?.lineage, ...state.compiled?.lineage } as Lineage;
      const { command } = renameColumn(state.model, portsOf(catalogue), { schemas: schemasOf(state), lineage }, node, from, to);
      state.change(command, t("Rename {from} to {to}", { from, to }));
      return true;
    } catch (error) {
      if (error instanceof CommandError) return false;
      throw error;
    }
  };
}

const CONTROLS = "input, textarea, select, button:not([data-reset]), [contenteditable=true]";

function Property({ node, spec, focused, canEdit, onChange, onRename, onReveal }: PropertyProps) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const diagnostics = useEditor(diagnosticsOf);
  const own = diagnostics.filter((each) => each.node === node.id && each.property === spec.name);
  useEffect(() => {
    if (!focused) return;
    box.current?.scrollIntoView({ block: "center" });
    const control = box.current?.querySelector<HTMLElement>(`[aria-invalid=true]`) ?? box.current?.querySelector<HTMLElement>(CONTROLS);
    control?.focus();
  }, [focused]);
  const value = node.properties[spec.name];
  const known = WIDGETS[spec.kind];
  const kind = known?.fits(value) ? known : null;
  const label = said(spec.label);
  const help = spec.help ? `${id}-help` : "";
  const wrong = own.length ? `${id}-wrong` : "";
  const props = {
    id, node, spec: { ...spec, label }, value, disabled: !canEdit, invalid: own.some((each) => each.severity === "error"),
    describedBy: [help, wrong].filter(Boolean).join(" ") || undefined, onChange, onRename,
  };
  return (
    <div className={classes.field} ref={box} {...(kind && !kind.grouped ? {} : { role: "group", "aria-label": label })}>
      <div className={classes.fieldhead}>
        {kind && !kind.grouped ? <label htmlFor={id}>{label}</label> : <span className={classes.label}>{label}</span>}
        {spec.required ? <span className={classes.required} title={t("needed")} aria-hidden>*</span> : null}
        {canEdit && value !== undefined && !spec.required ? (
          <ActionIcon size="xs" data-reset title={t("Back to the default")} aria-label={t("{label}: back to the default", { label })} onClick={() => onChange(undefined)}>
            <IconArrowBackUp size={12} />
          </ActionIcon>
        ) : null}
        {kind ? null : <button type="button" className={panels.link} onClick={onReveal}>{t("edit in the document")}</button>}
      </div>
      {help ? <div id={help} className={classes.help}>{said(spec.help)}</div> : null}
      {kind ? <kind.Widget {...props} /> : <Snippet spec={{ ...spec, label }} value={value} />}
      {wrong ? <Complaints id={wrong} own={own} canEdit={canEdit} /> : null}
    </div>
  );
}

function Complaints({ id, own, canEdit }: { id: string; own: readonly Diagnostic[]; canEdit: boolean }) {
  return (
    <div id={id}>
      {own.map((each, i) => (
        <div key={i} className={each.severity === "error" ? classes.wrong : classes.odd}>
          {said(each.message)}{each.hint ? <span className="p-muted"> {said(each.hint)}</span> : null}
          {canEdit ? <Fixes diagnostic={each} /> : null}
        </div>
      ))}
    </div>
  );
}

/** A value that has no widget, or none that could show it: as the document writes it. */
function Snippet({ spec, value }: { spec: PropertySpec; value: unknown }) {
  if (value !== undefined) return <pre className={classes.snippet} tabIndex={0} aria-label={t("{label}, YAML", { label: spec.label })}>{printYaml(value)}</pre>;
  const standard = shown(spec.default);
  if (spec.required) return <div className="p-muted">{t("missing")}</div>;
  return <div className="p-muted">{standard && standard !== "{}" ? t("default: {value}", { value: standard }) : t("default")}</div>;
}
