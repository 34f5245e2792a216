/** Values with several parts: named lists of columns or numbers, fields with types, options of a connector. */

import { ActionIcon, Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";

import { listed, said, t } from "../../../i18n";
import { asValue, shown, useAdded, useDraft } from "../fields";
import { useIncoming } from "../incoming";
import { Infer } from "../Infer";
import classes from "../node.module.css";
import { ColumnNames, suggested } from "./columns";
import { Name } from "./expressions";
import { Suggest, type Suggestion } from "./Suggest";
import type { WidgetProps } from "./types";

type Entries = ReadonlyArray<readonly [string, unknown]>;

function entriesOf(value: unknown): Entries {
  return Object.entries((value ?? {}) as Record<string, unknown>);
}

interface RowsProps extends WidgetProps {
  /** What stands beside a name. */
  cell: (name: string, value: unknown, change: (value: unknown) => void) => React.ReactNode;
  /** A new entry. */
  fresh: (taken: ReadonlySet<string>) => readonly [string, unknown] | null;
  addLabel: string;
  names?: readonly Suggestion[];
  ordered?: boolean;
  /** Names are columns of the node: those that read them follow. */
  followed?: boolean;
}

/** Rows of a name and something, added, removed and in an order. */
function Rows({ id, spec, value, disabled, onChange, onRename, cell, fresh, addLabel, names, ordered = true, followed = false }: RowsProps) {
  const entries = entriesOf(value);
  const { list, adding } = useAdded(entries.length);
  const change = (next: Entries) => onChange(next.length ? Object.fromEntries(next) : undefined);
  const replace = (at: number, entry: readonly [string, unknown]) => change(entries.map((each, i) => (i === at ? entry : each)));
  const move = (at: number, by: number) => {
    const next = [...entries];
    const [taken] = next.splice(at, 1);
    if (taken) next.splice(at + by, 0, taken);
    change(next);
  };
  const add = () => {
    const entry = fresh(new Set(entries.map(([name]) => name)));
    if (!entry) return;
    adding();
    change([...entries, entry]);
  };
  return (
    <div>
      <ul className={classes.list} ref={list} aria-label={spec.label}>
        {entries.map(([name, each], i) => (
          <li key={i} className={classes.row}>
            <NameCell name={name} names={names} label={t("Name of {label} {number}", { label: spec.label, number: i + 1 })} disabled={disabled}
              taken={(other) => other !== name && entries.some(([known]) => known === other)} onChange={(next) => (followed && onRename(name, next)) || replace(i, [next, each])} />
            <div style={{ flex: 1.4, minWidth: 0 }}>{cell(name, each, (next) => replace(i, [name, next]))}</div>
            {disabled ? null : (
              <>
                {ordered ? <ActionIcon size="sm" aria-label={t("Move {name} up", { name })} disabled={i === 0} onClick={() => move(i, -1)}><IconArrowUp size={13} /></ActionIcon> : null}
                {ordered ? <ActionIcon size="sm" aria-label={t("Move {name} down", { name })} disabled={i === entries.length - 1} onClick={() => move(i, 1)}><IconArrowDown size={13} /></ActionIcon> : null}
                <ActionIcon size="sm" aria-label={t("Remove {name}", { name })} onClick={() => change(entries.filter((_, at) => at !== i))}><IconTrash size={13} /></ActionIcon>
              </>
            )}
          </li>
        ))}
      </ul>
      {disabled ? null : <Button id={id} variant="subtle" leftSection={<IconPlus size={12} />} onClick={add}>{addLabel}</Button>}
    </div>
  );
}

interface NameCellProps {
  name: string;
  names: readonly Suggestion[] | undefined;
  label: string;
  disabled: boolean;
  taken: (name: string) => boolean;
  onChange: (name: string) => void;
}

function NameCell({ names, ...props }: NameCellProps) {
  return names ? <ChosenName {...props} names={names} /> : <Name {...props} />;
}

function ChosenName({ name, names, label, disabled, taken, onChange }: NameCellProps & { names: readonly Suggestion[] }) {
  const take = (text: string) => {
    const next = text.trim();
    if (next && !taken(next)) onChange(next);
  };
  const field = useDraft(name, take);
  return <div style={{ flex: 1, minWidth: 0 }}><Suggest field={field} label={label} disabled={disabled} suggestions={names} onTake={take} mono /></div>;
}

/** A name that is not taken: `wanted`, else with a number. */
function free(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}_${number}`)) number++;
  return `${wanted}_${number}`;
}

const TYPES = ["BIGINT", "INT", "DOUBLE", "STRING", "BOOLEAN", "TIMESTAMP(3)", "TIMESTAMP_LTZ(3)", "DATE", "TIME", "DECIMAL(10, 2)", "FLOAT", "SMALLINT", "TINYINT", "BYTES",
  "ARRAY<STRING>", "MAP<STRING, STRING>", "ROW<a INT>"];

/** Columns of a table: {name: type}. */
export function FieldsEditor(props: WidgetProps) {
  const { node, spec, disabled } = props;
  return (
    <>
      <Rows {...props} addLabel={t("Add a column")} followed={spec.name === COLUMNS} fresh={(taken) => [free("column", taken), "STRING"]}
        cell={(name, type, change) => (
          <Cell value={type} label={t("Type of {name}", { name })} disabled={props.disabled} suggestions={TYPES.map((each) => ({ value: each }))} onChange={(text) => text && change(text)} />
        )} />
      {disabled || spec.name !== COLUMNS ? null : <Infer node={node} hasTime={node.component === SOURCE} />}
    </>
  );
}

/** The columns of a source, which can be read off a file; those of other tables cannot. */
const COLUMNS = "columns";
const SOURCE = "event_source";

interface CellProps {
  value: unknown;
  label: string;
  disabled: boolean;
  suggestions?: readonly Suggestion[];
  placeholder?: string;
  onChange: (text: string) => void;
}

function Cell({ value, label, disabled, suggestions, placeholder, onChange }: CellProps) {
  const field = useDraft(shown(value), (text) => onChange(text.trim()));
  return <Suggest field={field} label={label} disabled={disabled} suggestions={suggestions ?? []} placeholder={placeholder ?? ""} onTake={onChange} mono />;
}

/** {name: [column, column]} */
export function ColumnLists(props: WidgetProps) {
  const columns = useIncoming(props.node, props.spec);
  return (
    <Rows {...props} addLabel={t("Add a list")}
      fresh={(taken) => [free("cross", taken), columns.slice(0, 2).map((column) => column.name)]}
      cell={(name, list, change) => (
        <ColumnNames {...props} id={`${props.id}-${name}`} spec={{ ...props.spec, label: name, required: true, default: null }} value={list} onChange={change} />
      )} />
  );
}

const NUMERIC = /^(TINYINT|SMALLINT|INT|BIGINT|FLOAT|DOUBLE|DECIMAL)/;

/** {column: [number, ...]} */
export function NumberLists(props: WidgetProps) {
  const columns = useIncoming(props.node, props.spec).filter((column) => NUMERIC.test(column.type));
  const { length = 0 } = props.spec.limits as { length?: number };
  return (
    <Rows {...props} addLabel={t("Add a column")} names={suggested(columns)} ordered={false}
      fresh={(taken) => {
        const column = columns.find((each) => !taken.has(each.name));
        return [column?.name ?? free("column", taken), length === 2 ? [0, 1] : [1, 10, 100]];
      }}
      cell={(name, numbers, change) => (
        <Cell value={Array.isArray(numbers) ? numbers.join(", ") : shown(numbers)} label={t("Numbers of {name}", { name })} disabled={props.disabled}
          onChange={(text) => change(numbersOf(text))} />
      )} />
  );
}

/** "1, 5, 20" as numbers; what is none stays text, for the compiler to say so. */
export function numbersOf(text: string): unknown[] {
  return text.split(/[\s,;]+/).filter(Boolean).map((part) => asValue(part, "number"));
}

interface KnownOption {
  help: string;
  values: string[];
  required: boolean;
  secret: boolean;
}

interface OptionLimits {
  known?: Record<string, Record<string, KnownOption>>;
  by?: string;
}

/** Options: those of the chosen connector are offered with their help; any other can be written. */
export function OptionsEditor(props: WidgetProps) {
  const { known = {}, by = "connector" } = props.spec.limits as OptionLimits;
  const value = (props.value ?? {}) as Record<string, unknown>;
  const chosen = by === "connector" ? shown(value.connector) : shown(props.node.properties[by] ?? Object.keys(known)[0]);
  const options = known[chosen] ?? {};
  const names: Suggestion[] = [
    ...(by === "connector" ? [{ value: "connector", note: t("what it is") }] : []),
    ...Object.entries(options).map(([name, option]) => ({ value: name, note: said(option.help) })),
  ];
  const next = (taken: ReadonlySet<string>): readonly [string, unknown] => {
    if (by === "connector" && !taken.has("connector")) return ["connector", Object.keys(known)[0] ?? "filesystem"];
    const missing = Object.entries(options).filter(([name]) => !taken.has(name));
    const [name, option] = missing.find(([, each]) => each.required) ?? missing[0] ?? [free("option", taken), undefined];
    return [name, option?.values[0] ?? (option?.secret ? "${secret:NAME}" : "")];
  };
  const missing = Object.entries(options).filter(([name, option]) => option.required && !(name in value)).map(([name]) => name);
  return (
    <>
      <Rows {...props} addLabel={t("Add an option")} names={names} fresh={next} ordered={false}
        cell={(name, text, change) => {
          const option = options[name];
          const values = name === "connector" && by === "connector" ? Object.keys(known) : (option?.values ?? []);
          return (
            <Cell value={text} label={t("Value of {name}", { name })} disabled={props.disabled} suggestions={values.map((each) => ({ value: each }))}
              placeholder={option?.secret ? "${secret:NAME}" : ""} onChange={change} />
          );
        }} />
      {missing.length ? <div className="p-muted">{t("It also needs {names}.", { names: listed(missing) })}</div> : null}
      {Object.values(options).some((option) => option.secret) ? <div className="p-muted">{t("Secrets are written by reference, ${secret:NAME}, and never shown.")}</div> : null}
    </>
  );
}
