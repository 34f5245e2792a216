/** Pickers of columns: one, a time, several in order. They know what comes in: name, type, time and key. */

import { ActionIcon, Checkbox, Popover, TextInput, UnstyledButton } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconClock, IconKey, IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";

import { listed, plural, t } from "../../../i18n";
import { asValue, shown, useDraft } from "../fields";
import { type InputColumn, useIncoming } from "../incoming";
import classes from "../node.module.css";
import { Suggest, type Suggestion } from "./Suggest";
import { placeholder } from "./simple";
import { type WidgetProps, aria } from "./types";

/** What a picker tells of a column beside its name. */
export function ColumnNote({ column }: { column: InputColumn }) {
  return (
    <>
      {column.key ? <IconKey size={11} aria-label={t("part of the key")} /> : null}
      {column.time ? <IconClock size={11} aria-label={t("time attribute: {kind}", { kind: column.time })} /> : null}
      {column.type}
    </>
  );
}

export const suggested = (columns: readonly InputColumn[]): Suggestion[] => columns.map((column) => ({ value: column.name, note: <ColumnNote column={column} /> }));

export function ColumnName(props: WidgetProps) {
  const columns = useIncoming(props.node, props.spec);
  const field = useDraft(shown(props.value), (text) => props.onChange(asValue(text, "column")));
  const times = props.spec.kind === "time" ? columns.filter((column) => column.time === "ROWTIME") : columns;
  const obvious = !props.spec.required && props.spec.kind === "time" && times.length === 1 ? (times[0]?.name ?? "") : placeholder(props);
  return <Suggest {...aria(props)} field={field} suggestions={suggested(times)} placeholder={obvious} onTake={props.onChange} mono />;
}

export function namesOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : value == null ? [] : [String(value)];
}

/** Several columns: chips in their order, and all that can be chosen in a list that is searched. */
export function ColumnNames(props: WidgetProps) {
  const { node, spec, value, disabled, onChange } = props;
  const columns = useIncoming(node, spec);
  const names = namesOf(value);
  const change = (next: readonly string[]) => onChange(next.length || spec.required ? [...next] : undefined);
  return (
    <div>
      <Chips names={names} columns={columns} disabled={disabled} label={spec.label} onChange={change} />
      {names.length ? null : <div className="p-muted">{placeholder(props) || (spec.required ? t("none chosen") : t("none named"))}</div>}
      {disabled ? null : <Picker {...props} names={names} columns={columns} onPick={change} />}
    </div>
  );
}

interface ChipsProps {
  names: readonly string[];
  columns: readonly InputColumn[];
  disabled: boolean;
  label: string;
  onChange: (names: string[]) => void;
}

function Chips({ names, columns, disabled, label, onChange }: ChipsProps) {
  const known = new Map(columns.map((column) => [column.name, column]));
  const move = (at: number, by: number) => {
    const next = [...names];
    const [taken] = next.splice(at, 1);
    if (taken === undefined || at + by < 0 || at + by > next.length) return;
    next.splice(at + by, 0, taken);
    onChange(next);
  };
  return (
    <ul className={classes.chips} aria-label={t("{label}, chosen", { label })}>
      {names.map((name, i) => {
        const column = known.get(name);
        const lost = columns.length > 0 && !column;
        return (
          <li key={`${name} ${i}`} className={classes.chip} data-lost={lost || undefined} title={lost ? t("no such column comes in") : column?.type}
            draggable={!disabled} onDragStart={(event) => event.dataTransfer.setData("text/x-porsche-chip", String(i))}
            onDragOver={(event) => event.dataTransfer.types.includes("text/x-porsche-chip") && event.preventDefault()}
            onDrop={(event) => {
              const from = Number(event.dataTransfer.getData("text/x-porsche-chip"));
              event.preventDefault();
              move(from, i - from);
            }}>
            <span>{name}</span>
            {lost ? <span className="p-hidden">{t("no such column comes in")}</span> : null}
            {disabled ? null : (
              <>
                {i > 0 ? <Small label={t("Move {name} forward", { name })} onClick={() => move(i, -1)}><IconChevronLeft size={11} /></Small> : null}
                {i < names.length - 1 ? <Small label={t("Move {name} back", { name })} onClick={() => move(i, 1)}><IconChevronRight size={11} /></Small> : null}
                <Small label={t("Remove {name}", { name })} onClick={() => onChange(names.filter((_, at) => at !== i))}><IconX size={11} /></Small>
              </>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function Small({ label, onClick, children }: { label: string; onClick: () => void; children: React.ReactNode }) {
  return <UnstyledButton className={classes.small} aria-label={label} title={label} onClick={onClick}>{children}</UnstyledButton>;
}

interface PickerProps extends WidgetProps {
  names: readonly string[];
  columns: readonly InputColumn[];
  onPick: (names: readonly string[]) => void;
}

/** The list of columns to choose from; a name that does not come in yet can be typed. */
function Picker(props: PickerProps) {
  const { spec, names, columns, onPick } = props;
  const [open, setOpen] = useState(false);
  const [search, setSearch] = useState("");
  const wanted = search.trim();
  const found = columns.filter((column) => column.name.toLowerCase().includes(wanted.toLowerCase()) || column.type.toLowerCase().includes(wanted.toLowerCase()));
  const toggle = (name: string) => onPick(names.includes(name) ? names.filter((each) => each !== name) : [...names, name]);
  const count = plural(columns.length, "choose of {count} column", "choose of {count} columns");
  const every = found.length > 0 && found.every((column) => names.includes(column.name));
  const toggleAll = () => {
    const shownNames = found.map((column) => column.name);
    onPick(every ? names.filter((name) => !shownNames.includes(name)) : [...names, ...shownNames.filter((name) => !names.includes(name))]);
  };
  const enter = () => {
    const [only] = found;
    const name = found.length === 1 && only ? only.name : wanted;
    if (name) toggle(name);
    setSearch("");
  };
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width="target" shadow="md" trapFocus returnFocus withinPortal>
      <Popover.Target>
        <UnstyledButton {...aria(props)} className={classes.add} onClick={() => setOpen(!open)} aria-label={listed([t("Choose {label}", { label: spec.label }), count])}>
          <IconPlus size={12} /> {count}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={6}>
        <TextInput size="xs" data-autofocus value={search} onChange={(event) => setSearch(event.currentTarget.value)} placeholder={t("Search, or type a name")}
          aria-label={t("Search columns")} onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), enter())}
          rightSection={search ? <ActionIcon size="xs" aria-label={t("Clear")} onClick={() => setSearch("")}><IconX size={11} /></ActionIcon> : undefined} />
        <div className={classes.picks}>
          {found.length > 1 ? <Checkbox label={wanted ? t("All that are found") : t("All")} checked={every} onChange={toggleAll} /> : null}
          {found.map((column) => (
            <Checkbox key={column.name} checked={names.includes(column.name)} onChange={() => toggle(column.name)}
              label={<span className={classes.option}><span className="p-truncate">{column.name}</span> <span className={classes.type}><ColumnNote column={column} /></span></span>} />
          ))}
          {found.length ? null : <p className="p-muted" style={{ margin: "4px 0" }}>{wanted ? t("No column is called so: Enter takes it all the same.") : t("Nothing comes in yet: connect the input.")}</p>}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
