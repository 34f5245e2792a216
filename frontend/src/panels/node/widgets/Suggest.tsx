import { useCombobox, Combobox, TextInput } from "@mantine/core";
import { type KeyboardEvent, type ReactNode, useRef } from "react";

import { t } from "../../../i18n";
import type { DraftField } from "../fields";
import { useParameters } from "../incoming";
import classes from "../node.module.css";

export interface Suggestion {
  value: string;
  note?: ReactNode;
}

interface SuggestProps {
  id?: string;
  field: DraftField;
  label?: string;
  disabled?: boolean;
  placeholder?: string;
  note?: string;
  mono?: boolean;
  inputMode?: "numeric" | "decimal";
  "aria-invalid"?: boolean | undefined;
  "aria-describedby"?: string | undefined;
  suggestions?: readonly Suggestion[];
  /** A suggestion was taken. */
  onTake?: (value: string) => void;
  /** Arrow up and down, with nothing open. */
  onStep?: (by: number) => void;
}

const MOST = 200;

/** A text field with suggestions under it: those given, and parameters once one types `${`. */
export function Suggest({ field, label, suggestions = [], onTake, onStep, note, mono = false, ...rest }: SuggestProps) {
  const box = useCombobox();
  const input = useRef<HTMLInputElement>(null);
  const parameters = useParameters();
  const open = /\$\{\w*$/.exec(field.value);
  const offered: readonly Suggestion[] = open
    ? Object.entries(parameters).filter(([name]) => name.startsWith(open[0].slice(2))).map(([name, value]) => ({ value: `\${${name}}`, note: value }))
    : matching(suggestions, field.value);
  const take = (value: string) => {
    const next = open ? field.value.slice(0, open.index) + value : value;
    field.onChange({ currentTarget: { value: next } });
    if (!open) onTake?.(next);
    box.closeDropdown();
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && box.dropdownOpened && offered.length) {
      event.stopPropagation();
      box.closeDropdown();
      return;
    }
    const up = event.key === "ArrowUp";
    if ((up || event.key === "ArrowDown") && onStep && !offered.length) {
      event.preventDefault();
      onStep(up ? 1 : -1);
      return;
    }
    if (event.key === "Enter" && box.dropdownOpened && offered.length && box.getSelectedOptionIndex() >= 0) return;
    field.onKeyDown(event);
  };
  return (
    <Combobox store={box} onOptionSubmit={take} shadow="md" middlewares={{ flip: true, shift: true }}>
      <Combobox.Target withKeyboardNavigation={offered.length > 0} withExpandedAttribute={suggestions.length > 0}>
        <TextInput ref={input} {...rest} aria-label={label} value={field.value} autoComplete="off" spellCheck={false}
          styles={mono ? { input: { fontFamily: "var(--mantine-font-family-monospace)" } } : undefined}
          rightSection={note ? <span className={classes.note}>{note}</span> : undefined} rightSectionWidth={note ? `${note.length + 1}ch` : undefined}
          rightSectionPointerEvents="none"
          onChange={(event) => {
            field.onChange(event);
            box.openDropdown();
            box.resetSelectedOption();
          }}
          onFocus={field.onFocus} onKeyDown={onKeyDown} onClick={() => suggestions.length && box.openDropdown()}
          onBlur={() => {
            box.closeDropdown();
            field.onBlur();
          }} />
      </Combobox.Target>
      <Combobox.Dropdown hidden={!offered.length}>
        <Combobox.Options mah={240} style={{ overflowY: "auto" }} aria-label={t("Suggestions")}>
          {offered.map((each) => (
            <Combobox.Option key={each.value} value={each.value} className={classes.option}>
              <span className="p-truncate">{each.value}</span> <span className={classes.type}>{each.note}</span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** Those that have what was typed in them; all of them where it is one of them already. */
function matching(suggestions: readonly Suggestion[], text: string): readonly Suggestion[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted || suggestions.some((each) => each.value === text.trim())) return suggestions.slice(0, MOST);
  return suggestions.filter((each) => each.value.toLowerCase().includes(wanted)).slice(0, MOST);
}
