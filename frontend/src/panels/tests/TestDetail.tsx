import { ActionIcon, Button, Checkbox, Menu, TextInput } from "@mantine/core";
import { IconPlayerPlay, IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";

import { ConfirmButton, ErrorNote, Note } from "../../design";
import type { Command } from "../../document/commands";
import type { ModelTest, Row } from "../../document/model";
import { about, plural, said, t } from "../../i18n";
import { useKnown } from "../canvas/catalogue";
import { textOf, useEditor, useEditorStore } from "../document/editor";
import { PinnedEditor } from "../preview/PinnedEditor";
import { type Part, columnsOf, removeTest, setField, setRows } from "./cases";
import { Lines } from "./Lines";
import { run, selectTest, useTests } from "./store";
import classes from "./tests.module.css";

interface TestDetailProps {
  test: ModelTest;
  project: string;
  onNode: (node: string, property: string | null) => void;
}

/** One test: its rows, edited in grids, and what came of it. */
export function TestDetail({ test, project, onNode }: TestDetailProps) {
  const editor = useEditorStore();
  const text = useEditor(textOf);
  const known = useKnown();
  const nodes = useEditor((state) => state.model.nodes);
  const outcome = useTests((state) => state.outcomes[test.name]);
  const busy = useTests((state) => state.running.has(test.name));
  const change = (command: Command | null, label: string) => command && editor.getState().change(command, label);
  const isSource = (component: string) => known.get(component)?.inputs.length === 0;
  const sources = nodes.filter((each) => isSource(each.component)).map((each) => each.id);
  const others = nodes.filter((each) => !isSource(each.component)).map((each) => each.id);
  const drop = () => {
    change(removeTest(text, test.name), t("Delete the test {name}", { name: test.name }));
    selectTest(null);
  };
  return (
    <>
      <div className={classes.title}>
        <Name test={test} onRename={(name) => {
          change(setField(text, test.name, "name", name), t("Rename the test {name}", { name: test.name }));
          selectTest(name);
        }} />
        <Button size="compact-sm" leftSection={<IconPlayerPlay size={14} aria-hidden />} loading={busy} onClick={() => void run(project, text, [test.name])}>{t("Run")}</Button>
        <Checkbox size="xs" label={t("In this order")} checked={test.ordered} title={t("Rows must come in the order in which they are expected")}
          onChange={(event) => change(setField(text, test.name, "ordered", event.currentTarget.checked || undefined), t("Order of rows"))} />
        <span className={classes.spring} />
        <ConfirmButton size="compact-sm" variant="default" question={t("Delete the test “{name}”?", { name: test.name })} confirm={t("Delete")} onConfirm={drop}>{t("Delete")}</ConfirmButton>
      </div>
      <Sides part="given" title={t("Given")} rows={test.given} offered={sources} test={test} onChange={change} />
      <Sides part="expect" title={t("Expected")} rows={test.expect} offered={[...others, ...sources]} test={test} onChange={change} />
      {outcome && outcome.text !== text ? <Note tone="waiting">{t("The document has changed since it ran")}</Note> : null}
      {outcome?.result.error ? (
        <ErrorNote error={{ ...outcome.result.error, message: said(outcome.result.error.message) }} />
      ) : null}
      {outcome?.result.error?.node ? (
        <Button mt={6} size="compact-xs" variant="default" onClick={() => onNode(outcome.result.error?.node ?? "", null)}>{t("Go to {node}", { node: outcome.result.error.node })}</Button>
      ) : null}
      <div className={outcome && outcome.text !== text ? classes.stale : undefined}>
        {outcome?.result.nodes.map((node) => <Lines key={node.node} node={node} />)}
      </div>
    </>
  );
}

function Name({ test, onRename }: { test: ModelTest; onRename: (name: string) => void }) {
  const [draft, setDraft] = useState(test.name);
  const taken = useEditor((state) => state.model.tests.some((each) => each.name === draft.trim() && each.name !== test.name));
  const commit = () => (draft.trim() && !taken ? draft.trim() !== test.name && onRename(draft.trim()) : setDraft(test.name));
  return (
    <TextInput size="xs" maw={520} style={{ flex: "1 1 260px" }} aria-label={t("Name of the test")} value={draft} error={taken ? t("another test has this name") : undefined}
      onChange={(event) => setDraft(event.currentTarget.value)} onBlur={commit} onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()} />
  );
}

interface SidesProps {
  part: Part;
  title: string;
  rows: Readonly<Record<string, Row[]>>;
  offered: readonly string[];
  test: ModelTest;
  onChange: (command: Command | null, label: string) => void;
}

/** The nodes that are given rows, or expected to give some; each opens a grid. */
function Sides({ part, title, rows, offered, test, onChange }: SidesProps) {
  const text = useEditor(textOf);
  const [open, setOpen] = useState<string | null>(null);
  const left = offered.filter((node) => !(node in rows));
  const set = (node: string, value: Row[] | undefined) => onChange(setRows(text, test.name, part, node, value), t("Rows of the test {name}", { name: test.name }));
  return (
    <div className={classes.rows}>
      <h4>{title}</h4>
      {Object.entries(rows).map(([node, each]) => (
        <span key={node} className={classes.chip}>
          <Button size="compact-xs" variant="subtle" color="gray" title={t("Edit the rows of {node}", { node })} onClick={() => setOpen(node)}>
            {about(node, plural(each.length, "{count} row", "{count} rows"))}
          </Button>
          <ActionIcon size="xs" variant="subtle" color="gray" aria-label={t("Leave {node} out", { node })} onClick={() => set(node, undefined)}><IconX size={12} /></ActionIcon>
        </span>
      ))}
      {left.length ? (
        <Menu withinPortal>
          <Menu.Target><ActionIcon size="sm" variant="default" aria-label={part === "given" ? t("Give rows to a source") : t("Expect rows of a node")}><IconPlus size={13} /></ActionIcon></Menu.Target>
          <Menu.Dropdown mah={300} style={{ overflow: "auto" }}>
            {left.map((node) => <Menu.Item key={node} onClick={() => { set(node, []); setOpen(node); }}>{node}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      ) : null}
      {open !== null && open in rows ? <Grid node={open} part={part} rows={rows[open] ?? []} onSave={(value) => { set(open, value); setOpen(null); }} onClose={() => setOpen(null)} /> : null}
    </div>
  );
}

interface GridProps {
  node: string;
  part: Part;
  rows: Row[];
  onSave: (rows: Row[]) => void;
  onClose: () => void;
}

function Grid({ node, part, rows, onSave, onClose }: GridProps) {
  const compiled = useEditor((state) => state.compiled ?? state.good);
  const used = (name: string) => rows.some((row) => name in row);
  const every = columnsOf(compiled, node, rows);
  const columns = part === "given" ? every : [...every.filter(({ name }) => used(name)), ...every.filter(({ name }) => !used(name))];
  const time = part === "given" ? (compiled?.nodes[node]?.time ?? null) : null;
  const title = part === "given" ? t("Rows given to {node}", { node }) : t("Rows expected of {node}", { node });
  const note = part === "given" ? undefined : t("Columns that no row fills are not compared; in others an empty field is NULL. Changes are compared one by one where rows have a column “op”: +I, -U, +U, -D.");
  return <PinnedEditor source={node} title={title} note={note} columns={columns} rows={rows} time={time} delay={null} onSave={onSave} onClose={onClose} />;
}
