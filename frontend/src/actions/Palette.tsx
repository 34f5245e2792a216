import { Modal, TextInput } from "@mantine/core";
import { IconArrowRight, IconBrain, IconSchema, IconSearch, type Icon } from "@tabler/icons-react";
import { type KeyboardEvent, useId, useLayoutEffect, useMemo, useRef, useState } from "react";

import { modelUrl, pipelineUrl, useModels, usePipelines } from "../api";
import { t } from "../i18n";
import { found } from "./find";
import { Keys } from "./Keys";
import classes from "./Palette.module.css";
import { isEnabled, useRegistry } from "./registry";
import type { ActionContext } from "./types";

interface Item {
  id: string;
  label: string;
  group: string;
  words: string;
  icon: Icon;
  keys?: string;
  run: (context: ActionContext) => void | Promise<void>;
}

function useItems(): Item[] {
  const { actions, context } = useRegistry();
  const pipelines = usePipelines({});
  const models = useModels(null);
  return useMemo(() => {
    const can: Item[] = actions
      .filter((action) => action.listed !== false && isEnabled(action, context))
      .map(({ id, label, group, words = "", icon = IconArrowRight, keys, run }) => (
        { id, label: t(label), group: t(group), words: `${words} ${label}`, icon, keys: keys?.[0], run }));
    const there: Item[] = (pipelines.data?.results ?? []).map((one) => ({
      id: `pipeline.${one.id}`,
      label: one.title || one.slug,
      group: t("Pipeline in {project}", { project: one.project }),
      words: one.slug,
      icon: IconSchema,
      run: (given) => given.navigate(pipelineUrl(one.id)),
    }));
    const learnt: Item[] = (models.data?.results ?? []).map((one) => ({
      id: `model.${one.project}.${one.name}`,
      label: one.name,
      group: t("Model in {project}", { project: one.project }),
      words: "",
      icon: IconBrain,
      run: (given) => given.navigate(modelUrl(one.name, one.project)),
    }));
    return [...can, ...there, ...learnt];
  }, [actions, context, pipelines.data, models.data]);
}

function Choices({ onClose }: { onClose: () => void }) {
  const items = useItems();
  const context = useRegistry((state) => state.context);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const field = useRef<HTMLInputElement>(null);
  // The dialog's own focus comes a timer later: whoever types on at once would write into the page behind it.
  useLayoutEffect(() => field.current?.focus(), []);
  const shown = useMemo(() => found(query, items, (item) => `${item.label} ${item.words} ${item.group}`), [query, items]);
  const active = Math.min(at, shown.length - 1);
  const choose = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    void item.run(context);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 8, PageUp: active - 8 };
    const to = moves[event.key];
    if (to !== undefined) {
      const next = Math.max(0, Math.min(shown.length - 1, to));
      setAt(next);
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") choose(shown[active]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        ref={field}
        size="md"
        data-autofocus
        leftSection={<IconSearch size={16} />}
        placeholder={t("Search actions, pipelines and models")}
        aria-label={t("Search actions, pipelines and models")}
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={shown.length > 0 ? `${list}-${active}` : undefined}
        value={query}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul className={classes.list} id={list} role="listbox" aria-label={t("What was found")}>
        {shown.map((item, index) => (
          <li
            key={item.id}
            id={`${list}-${index}`}
            role="option"
            className={classes.item}
            aria-selected={index === active}
            onMouseMove={() => setAt(index)}
            onClick={() => choose(item)}
          >
            <item.icon size={16} aria-hidden />
            <span className="p-truncate">{item.label}</span>
            <span className={classes.group}>{item.group}</span>
            {item.keys ? <Keys keys={item.keys} /> : null}
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <div className={classes.none}>{t("Nothing matches “{query}”", { query })}</div> : null}
    </>
  );
}

/** Every action by name, and the way to every pipeline and model. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={620} padding="sm" yOffset="12vh" transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label={t("Search and actions")}>
        <Modal.Body>{opened ? <Choices onClose={onClose} /> : null}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
