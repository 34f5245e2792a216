import { Autocomplete, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useEffect, useRef } from "react";

import type { PropertySpec } from "../../api/types";
import type { ModelNode } from "../../document/model";
import { same } from "../../document/splice";
import { printYaml } from "../../document/yaml";
import type { Verb } from "../canvas/catalogue";
import { portOf, useCatalogue } from "../canvas/catalogue";
import { diagnosticsOf, useEditor, useEditorStore } from "../document/editor";
import panels from "../run/panels.module.css";
import { asValue, useDraft } from "./fields";
import classes from "./node.module.css";

interface PropertiesProps {
  node: ModelNode;
  verb: Verb | undefined;
  focus: string | null;
  canEdit: boolean;
  onReveal: (node: string, property?: string) => void;
}

/** The properties of a node: forms for what is simple, YAML as it stands for the rest. Each change is a command. */
export function Properties({ node, verb, focus, canEdit, onReveal }: PropertiesProps) {
  const editor = useEditorStore();
  const specs = verb?.properties ?? [];
  const unknown = Object.keys(node.properties).filter((name) => !specs.some((spec) => spec.name === name));
  const change = (property: string) => (value: unknown) => {
    if (!same(value, node.properties[property])) {
      editor.getState().change({ kind: "set_property", node: node.id, property, value }, `Set ${node.id}.${property}`);
    }
  };
  const all = [...specs, ...unknown.map((name): PropertySpec => ({ name, kind: "", label: name, help: "", required: false, default: null, port: null, limits: {}, schema: {} }))];
  if (!all.length) return <p className="p-muted">This component has no properties.</p>;
  return all.map((spec) => (
    <Property key={spec.name} node={node} spec={spec} focused={spec.name === focus} canEdit={canEdit} onChange={change(spec.name)}
      onReveal={() => onReveal(node.id, spec.name)} />
  ));
}

interface PropertyProps {
  node: ModelNode;
  spec: PropertySpec;
  focused: boolean;
  canEdit: boolean;
  onChange: (value: unknown) => void;
  onReveal: () => void;
}

function Property({ node, spec, focused, canEdit, onChange, onReveal }: PropertyProps) {
  const box = useRef<HTMLDivElement>(null);
  const diagnostics = useEditor(diagnosticsOf);
  const problem = diagnostics.find((each) => each.node === node.id && each.property === spec.name);
  useEffect(() => {
    if (!focused) return;
    box.current?.scrollIntoView({ block: "center" });
    box.current?.querySelector<HTMLElement>("input, textarea, button")?.focus();
  }, [focused]);
  const value = node.properties[spec.name];
  const Field = value !== null && typeof value === "object" && spec.kind !== "columns" ? Snippet : (FIELDS[spec.kind] ?? Snippet);
  return (
    <div className={classes.field} ref={box}>
      <Field node={node} spec={spec} value={value} disabled={!canEdit} onChange={onChange} onReveal={onReveal} error={problem?.message} />
    </div>
  );
}

interface FieldProps {
  node: ModelNode;
  spec: PropertySpec;
  /** undefined: the document says nothing, the default holds. */
  value: unknown;
  disabled: boolean;
  onChange: (value: unknown) => void;
  onReveal: () => void;
  error: string | undefined;
}

const FIELDS: Readonly<Record<string, (props: FieldProps) => React.ReactNode>> = {
  text: Line,
  path: Line,
  duration: Line,
  number: Line,
  column: ColumnName,
  time: ColumnName,
  columns: ColumnNames,
  expression: Expression,
  choice: Choice,
  flag: Flag,
};

function shared({ spec, disabled, error }: FieldProps) {
  return { label: spec.label, description: spec.help || undefined, required: spec.required, disabled, error };
}

function shown(value: unknown): string {
  return value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function Line(props: FieldProps) {
  const field = useDraft(shown(props.value), (text) => props.onChange(asValue(text, props.spec.kind)));
  return <TextInput {...shared(props)} placeholder={shown(props.spec.default)} {...field} />;
}

function Expression(props: FieldProps) {
  const field = useDraft(shown(props.value), (text) => props.onChange(asValue(text, "expression")));
  return <Textarea {...shared(props)} autosize minRows={1} maxRows={8} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} {...field} />;
}

function Choice(props: FieldProps) {
  const options = (props.spec.limits as { options?: string[] }).options ?? [];
  return (
    <Select {...shared(props)} data={options} value={shown(props.value ?? props.spec.default)} allowDeselect={false}
      onChange={(value) => props.onChange(value === props.spec.default ? undefined : (value ?? undefined))} />
  );
}

function Flag(props: FieldProps) {
  const { label, description, disabled, error } = shared(props);
  return (
    <Switch label={label} description={description} disabled={disabled} error={error} checked={(props.value ?? props.spec.default) === true}
      onChange={(event) => props.onChange(event.currentTarget.checked === props.spec.default ? undefined : event.currentTarget.checked)} />
  );
}

function ColumnName(props: FieldProps) {
  const columns = useIncoming(props.node, props.spec);
  const { value, onBlur, onKeyDown, onChange } = useDraft(shown(props.value), (text) => props.onChange(asValue(text, "column")));
  return (
    <Autocomplete size="xs" {...shared(props)} data={columns} placeholder={shown(props.spec.default)} value={value} onBlur={onBlur} onKeyDown={onKeyDown}
      onChange={(text) => onChange({ currentTarget: { value: text } })} onOptionSubmit={(text) => props.onChange(text)} />
  );
}

function ColumnNames(props: FieldProps) {
  const columns = useIncoming(props.node, props.spec);
  const names = Array.isArray(props.value) ? props.value.map(String) : props.value == null ? [] : [String(props.value)];
  return (
    <TagsInput size="xs" {...shared(props)} data={columns} value={names} placeholder={names.length ? "" : shown(props.spec.default)}
      onChange={(next) => props.onChange(next.length ? next : undefined)} />
  );
}

/** A value that has no form: as the document writes it, with the way there. */
function Snippet({ spec, value, onReveal, error }: FieldProps) {
  return (
    <div role="group" aria-label={spec.label}>
      <div className={classes.fieldhead}>
        <span style={{ fontWeight: 500 }}>{spec.label}{spec.required ? <span style={{ color: "var(--p-bad-text)" }}> *</span> : null}</span>
        <button type="button" className={panels.link} onClick={onReveal}>edit in the document</button>
      </div>
      {spec.help ? <div className="p-muted" style={{ fontSize: 11 }}>{spec.help}</div> : null}
      {value === undefined ? <div className="p-muted">{spec.required ? "missing" : `default${shown(spec.default) && shown(spec.default) !== "{}" ? `: ${shown(spec.default)}` : ""}`}</div>
        : <pre className={classes.snippet} tabIndex={0} aria-label={`${spec.label}, YAML`}>{printYaml(value)}</pre>}
      {error ? <div style={{ color: "var(--p-bad-text)", fontSize: 11 }}>{error}</div> : null}
    </div>
  );
}

/** The columns that come in at the port which a property refers to. */
function useIncoming(node: ModelNode, spec: PropertySpec): string[] {
  const schemas = useEditor((state) => state.good?.nodes);
  const model = useEditor((state) => state.model);
  const catalogue = useCatalogue();
  const { port } = spec;
  if (!port) return [];
  const component = (id: string) => catalogue.get(model.nodes.find((each) => each.id === id)?.component ?? "");
  const sources = model.edges.filter((edge) => edge.to === node.id && portOf(edge, component(node.id), component(edge.from)) === port);
  return [...new Set(sources.flatMap((edge) => (schemas?.[edge.from]?.columns ?? []).map((column) => column.name)))];
}
