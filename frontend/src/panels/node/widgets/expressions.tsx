/** SQL in forms: an expression, named expressions in their order, a query. */

import { ActionIcon, Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useMemo } from "react";

import { useFunctions } from "../../../api/authoring";
import { t } from "../../../i18n";
import { type Mode, type Scope } from "../code/completion";
import { SqlInput } from "../code/SqlInput";
import { asValue, shown, useAdded, useDraft } from "../fields";
import { useIncoming, useParameters, useTables } from "../incoming";
import classes from "../node.module.css";
import { namesOf } from "./columns";
import { Suggest } from "./Suggest";
import type { WidgetProps } from "./types";

/** The name that the rows have while an expression is judged. */
const ROWS = "incoming__";

function useScope({ node, spec }: WidgetProps): Scope {
  const columns = useIncoming(node, spec);
  const functions = useFunctions();
  const parameters = useParameters();
  const mode = ((spec.limits as { mode?: Mode }).mode ?? "scalar");
  const { keys } = node.properties;
  return useMemo(() => ({
    mode,
    functions,
    parameters,
    keys: mode === "aggregate" ? namesOf(keys) : [],
    tables: { [ROWS]: columns.map(({ name, type, time }) => ({ name, type: type || "STRING", time })) },
  }), [mode, functions, parameters, keys, columns]);
}

export function ExpressionField(props: WidgetProps) {
  const scope = useScope(props);
  return (
    <SqlInput id={props.id} label={props.spec.label} value={shown(props.value)} disabled={props.disabled} invalid={props.invalid} describedBy={props.describedBy}
      scope={scope} placeholder={shown(props.spec.default)} onChange={(text) => props.onChange(asValue(text, "expression"))} />
  );
}

const EXAMPLES: Readonly<Record<string, string>> = { aggregate: "COUNT(*)", over: "COUNT(*)" };

/** {name: expression}, in order. */
export function ExpressionList(props: WidgetProps) {
  const { spec, value, disabled, onChange } = props;
  const scope = useScope(props);
  const entries = Object.entries((value ?? {}) as Record<string, unknown>);
  const { list, adding } = useAdded(entries.length);
  const change = (next: ReadonlyArray<readonly [string, unknown]>) => onChange(next.length ? Object.fromEntries(next) : undefined);
  const replace = (at: number, entry: readonly [string, unknown]) => change(entries.map((each, i) => (i === at ? entry : each)));
  const move = (at: number, by: number) => {
    const next = [...entries];
    const [taken] = next.splice(at, 1);
    if (taken) next.splice(at + by, 0, taken);
    change(next);
  };
  const add = () => {
    const taken = new Set(entries.map(([name]) => name));
    let number = entries.length + 1;
    while (taken.has(`column_${number}`)) number++;
    adding();
    change([...entries, [`column_${number}`, EXAMPLES[scope.mode] ?? scope.tables[ROWS]?.[0]?.name ?? "1"]]);
  };
  return (
    <div>
      <ul className={classes.list} ref={list} aria-label={spec.label}>
        {entries.map(([name, text], i) => (
          <li key={i} className={classes.entry}>
            <div className={classes.row}>
              <Name name={name} label={t("Name of {label} {number}", { label: spec.label, number: i + 1 })} disabled={disabled}
                taken={(other) => other !== name && entries.some(([each]) => each === other)} onChange={(next) => replace(i, [next, text])} />
              {disabled ? null : (
                <>
                  <ActionIcon size="sm" aria-label={t("Move {name} up", { name })} disabled={i === 0} onClick={() => move(i, -1)}><IconArrowUp size={13} /></ActionIcon>
                  <ActionIcon size="sm" aria-label={t("Move {name} down", { name })} disabled={i === entries.length - 1} onClick={() => move(i, 1)}><IconArrowDown size={13} /></ActionIcon>
                  <ActionIcon size="sm" aria-label={t("Remove {name}", { name })} onClick={() => change(entries.filter((_, at) => at !== i))}><IconTrash size={13} /></ActionIcon>
                </>
              )}
            </div>
            <SqlInput label={t("Expression of {name}", { name })} value={shown(text)} disabled={disabled} invalid={false} describedBy={props.describedBy} scope={scope}
              onChange={(next) => replace(i, [name, asValue(next, "expression") ?? ""])} />
          </li>
        ))}
      </ul>
      {disabled ? null : <Button id={props.id} variant="subtle" leftSection={<IconPlus size={12} />} onClick={add}>{t("Add a column")}</Button>}
    </div>
  );
}

interface NameProps {
  name: string;
  label: string;
  disabled: boolean;
  taken: (name: string) => boolean;
  onChange: (name: string) => void;
}

/** The name of an entry: never empty, never twice. */
export function Name({ name, label, disabled, taken, onChange }: NameProps) {
  const field = useDraft(name, (text) => {
    const next = text.trim();
    if (next && !taken(next)) onChange(next);
  }, undefined, true);
  const wrong = field.value.trim() !== name && (!field.value.trim() || taken(field.value.trim()));
  return (
    <div style={{ flex: 1, minWidth: 0 }}>
      <Suggest field={field} label={label} disabled={disabled} mono aria-invalid={wrong || undefined} />
    </div>
  );
}

/** A query over the nodes that are connected. */
export function QueryField(props: WidgetProps) {
  const tables = useTables(props.node);
  const functions = useFunctions();
  const parameters = useParameters();
  const scope = useMemo((): Scope => ({ mode: "query", tables, functions, parameters, keys: [] }), [tables, functions, parameters]);
  return (
    <SqlInput id={props.id} label={props.spec.label} value={shown(props.value)} disabled={props.disabled} invalid={props.invalid} describedBy={props.describedBy} lines
      scope={scope} placeholder={`SELECT * FROM ${Object.keys(tables)[0] ?? "..."}`} onChange={(text) => props.onChange(text.trim() ? text : undefined)} />
  );
}
