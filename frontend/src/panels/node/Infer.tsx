import { Button } from "@mantine/core";
import { IconFileSearch } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import { usePipeline } from "../../api/pipelines";
import { type Inferred, inferColumns } from "../../api/preview";
import { ErrorNote } from "../../design";
import type { Command } from "../../document/commands";
import { type ModelNode, record } from "../../document/model";
import { t } from "../../i18n";
import { useEditor, useEditorStore } from "../document/editor";
import { shown } from "./fields";
import { useParameters } from "./incoming";

const FILES = "filesystem";

/** Where a source's file is, as options of a table; null where it reads none. */
export function fileOf({ properties }: ModelNode, parameters: Readonly<Record<string, string>>): Record<string, string> | null {
  const options = record(properties.options);
  const own = typeof properties.path === "string" ? { path: properties.path, format: shown(properties.format ?? "csv") } : null;
  const found: Record<string, unknown> | null = own ?? (options.connector === FILES && options.path ? options : null);
  if (!found) return null;
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, filled(shown(value), parameters)]));
}

function filled(text: string, parameters: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => parameters[name] || whole);
}

/** The command that gives a source the columns of its file, and what reading them needs. */
export function taking(node: ModelNode, found: Inferred, hasTime: boolean): Command {
  const set = (property: string, value: unknown): Command => ({ kind: "set_property", node: node.id, property, value });
  const columns = Object.fromEntries(found.columns.map(({ name, type }) => [name, type]));
  const time = found.columns.find((column) => column.name === found.time && column.type.startsWith("TIMESTAMP"));
  const options = record(node.properties.options);
  return {
    kind: "all",
    commands: [
      set("columns", columns),
      ...(hasTime && time && !node.properties.time ? [set("time", time.name)] : []),
      ...(options.connector === FILES && Object.keys(found.options).length ? [set("options", { ...options, ...found.options })] : []),
    ],
  };
}

/** Reads the columns of a source off its file. */
export function Infer({ node, hasTime }: { node: ModelNode; hasTime: boolean }) {
  const editor = useEditorStore();
  const id = useEditor((state) => state.pipeline);
  const { data } = usePipeline(id);
  const file = fileOf(node, useParameters());
  const asking = useMutation({
    mutationFn: (options: Record<string, string>) => inferColumns(data?.project ?? "", options),
    onSuccess: (found) => editor.getState().change(taking(node, found, hasTime), t("Read the columns of {node}", { node: node.id })),
  });
  if (!file || !data) return null;
  return (
    <>
      <Button variant="subtle" leftSection={<IconFileSearch size={13} />} loading={asking.isPending} onClick={() => asking.mutate(file)}>{t("Read the columns off the file")}</Button>
      {asking.error ? <ErrorNote error={asking.error} /> : null}
    </>
  );
}
