import { ActionIcon, Button } from "@mantine/core";
import { IconCheck, IconCircleDashed, IconLoader2, IconPlayerPlay, IconPlus, IconX } from "@tabler/icons-react";
import { useEffect, useMemo } from "react";

import { Empty, ErrorNote, format } from "../../design";
import { t } from "../../i18n";
import { useActionContext, useActions } from "../../actions";
import { useKnown } from "../canvas/catalogue";
import { textOf, useEditor, useEditorStore } from "../document/editor";
import { TEST_ACTIONS } from "./actions";
import { addTest, freeName, newTest } from "./cases";
import { forgetTests, run, selectTest, useTests } from "./store";
import { TestDetail } from "./TestDetail";
import classes from "./tests.module.css";

interface TestsPanelProps {
  project: string;
  node: string | null;
  canEdit: boolean;
  onNode: (node: string, property: string | null) => void;
}

/** Makes running the tests an action, whatever is looked at. */
export function useTestActions(project: string, canEdit: boolean, show: (tab: string) => void): void {
  const editor = useEditorStore();
  const model = useEditor((state) => state.model);
  const names = useMemo(() => model.tests.map((each) => each.name), [model]);
  useActions(TEST_ACTIONS);
  const context = useMemo(
    () => (canEdit ? { count: names.length, show: () => show("tests"), run: () => void run(project, textOf(editor.getState()), names) } : undefined),
    [canEdit, names, show, project, editor],
  );
  useActionContext("tests", context);
  useEffect(() => forgetTests, [editor]);
}

/** The tests that are saved with the pipeline: run, and what came of them. */
export function TestsPanel({ project, node, canEdit, onNode }: TestsPanelProps) {
  const editor = useEditorStore();
  const model = useEditor((state) => state.model);
  const { error, running, selected } = useTests();
  const add = useAdd(node);
  if (!canEdit) return <Empty title={t("No tests")}>{t("Tests run the pipeline over rows of their own: that needs the role editor.")}</Empty>;
  if (!model.tests.length) {
    const make = <Button size="compact-sm" leftSection={<IconPlus size={14} aria-hidden />} disabled={!add} onClick={() => add?.()}>{t("New test")}</Button>;
    return (
      <Empty title={t("No tests yet")} actions={make}>
        {t("A test gives rows to the sources and says which rows a node must then give. Tests are saved with the pipeline and run here, by “porsche test”, and in CI. The preview makes one out of what it shows.")}
      </Empty>
    );
  }
  const names = model.tests.map((each) => each.name);
  const current = model.tests.find((each) => each.name === selected) ?? model.tests[0];
  return (
    <div className={classes.panel}>
      <div className={classes.side}>
        <div className={classes.bar}>
          <Button size="compact-sm" leftSection={<IconPlayerPlay size={14} aria-hidden />} loading={running.size > 0}
            onClick={() => void run(project, textOf(editor.getState()), names)}>{t("Run all")}</Button>
          <Summary names={names} />
          <span className={classes.spring} />
          <ActionIcon size="sm" variant="default" aria-label={t("New test")} title={t("New test")} disabled={!add} onClick={() => add?.()}><IconPlus size={14} /></ActionIcon>
        </div>
        <ul className={classes.list} aria-label={t("Tests")}>
          {names.map((name) => <Item key={name} name={name} current={name === current?.name} />)}
        </ul>
      </div>
      <div className={classes.detail}>
        {error ? <ErrorNote error={error} /> : null}
        {current ? <TestDetail key={current.name} test={current} project={project} onNode={onNode} /> : null}
      </div>
    </div>
  );
}

/** Adds a test: each source gives what is pinned to it, the selected node, else a sink, is expected to give something. */
function useAdd(node: string | null): (() => void) | null {
  const editor = useEditorStore();
  const model = useEditor((state) => state.model);
  const known = useKnown();
  const sources = model.nodes.filter((each) => known.get(each.component)?.inputs.length === 0).map((each) => each.id);
  const sink = model.nodes.find((each) => known.get(each.component)?.gives === null)?.id;
  const target = (node && !sources.includes(node) && model.nodes.some((each) => each.id === node) ? node : null) ?? sink ?? model.nodes.at(-1)?.id;
  if (!target) return null;
  return () => {
    const name = freeName(model, target);
    editor.getState().change(addTest(textOf(editor.getState()), newTest(model, name, sources, target)), t("New test {name}", { name }));
    selectTest(name);
  };
}

function Summary({ names }: { names: readonly string[] }) {
  const outcomes = useTests((state) => state.outcomes);
  const known = names.flatMap((name) => outcomes[name] ?? []);
  const passed = known.filter(({ result }) => result.passed).length;
  const text = known.length ? t("{passed} passed, {failed} failed", { passed, failed: known.length - passed }) : t("{count} not run yet", { count: names.length });
  return <span role="status" className="p-truncate">{text}</span>;
}

function Item({ name, current }: { name: string; current: boolean }) {
  const text = useEditor(textOf);
  const outcome = useTests((state) => state.outcomes[name]);
  const busy = useTests((state) => state.running.has(name));
  const stale = outcome !== undefined && outcome.text !== text;
  return (
    <li>
      <button type="button" aria-current={current} className={stale ? classes.stale : undefined} onClick={() => selectTest(name)}
        title={stale ? t("The document has changed since it ran") : undefined}>
        <Sign busy={busy} passed={outcome?.result.passed ?? null} />
        <span className="p-truncate">{name}</span>
        <span className={classes.spring} />
        {outcome ? <span className={classes.took}>{format.duration(outcome.result.seconds)}</span> : null}
      </button>
    </li>
  );
}

function Sign({ busy, passed }: { busy: boolean; passed: boolean | null }) {
  if (busy) return <IconLoader2 size={15} className={classes.sign} aria-label={t("running")} />;
  if (passed === null) return <IconCircleDashed size={15} className={classes.sign} data-tone="neutral" aria-label={t("not run")} />;
  return passed
    ? <IconCheck size={15} className={classes.sign} data-tone="good" aria-label={t("passed")} />
    : <IconX size={15} className={classes.sign} data-tone="bad" aria-label={t("failed")} />;
}
