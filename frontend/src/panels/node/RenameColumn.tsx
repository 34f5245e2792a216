import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useMemo, useState } from "react";

import { CommandError } from "../../document/commands";
import { portsOf, renameColumn } from "../../document/gestures";
import { t } from "../../i18n";
import { useKnown } from "../canvas/catalogue";
import { useEditor, useEditorStore } from "../document/editor";
import { schemasOf } from "./incoming";
import type { Lineage } from "./lineage";

interface RenameColumnProps {
  node: string;
  column: string;
  /** What could not be followed, for people. */
  onRenamed: (to: string, problems: readonly string[]) => void;
}

/** Gives a column another name, where it gets its name and wherever it is read. */
export function RenameColumn({ node, column, onRenamed }: RenameColumnProps) {
  const editor = useEditorStore();
  const catalogue = useKnown();
  const ports = useMemo(() => portsOf(catalogue), [catalogue]);
  const broken = useEditor((state) => state.broken);
  const [name, setName] = useState(column);
  const [refused, setRefused] = useState("");
  const wanted = name.trim();

  const rename = (event: FormEvent) => {
    event.preventDefault();
    if (!wanted || wanted === column) return;
    const state = editor.getState();
    try {
      const lineage = { ...state.good?.lineage, ...state.compiled?.lineage } as Lineage;
      const { command, problems } = renameColumn(state.model, ports, { schemas: schemasOf(state), lineage }, node, column, wanted);
      state.change(command, t("Rename {from} to {to}", { from: column, to: wanted }));
      onRenamed(wanted, problems);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      setRefused(error.message);
    }
  };

  return (
    <form onSubmit={rename} style={{ display: "flex", gap: 6, alignItems: "flex-start", margin: "4px 0" }}>
      <TextInput size="xs" style={{ flex: 1 }} aria-label={t("New name of {column}", { column })} value={name} onChange={(event) => setName(event.currentTarget.value)}
        error={refused || undefined} spellCheck={false} />
      <Button size="compact-xs" type="submit" variant="default" mt={3} disabled={broken || !wanted || wanted === column}>{t("Rename everywhere")}</Button>
    </form>
  );
}
