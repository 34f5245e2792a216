/** Small forms over the canvas: a name in place, the name of a new component. */

import { Button, TextInput } from "@mantine/core";
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";

import { t } from "../../i18n";
import { useEditor } from "../document/editor";
import classes from "./editing.module.css";
import { groupLabel, labelOf, rename, saveAsComponent } from "./operations";
import { close } from "./overlay";
import { labelGroup } from "./parts";
import pick from "./pick.module.css";

/** The name of a node, edited where it is drawn; in the middle of the canvas where it is not. */
export function RenameField({ node }: { node: string }) {
  const isGroup = useEditor((state) => state.model.groups.some((each) => each.id === node));
  const [name, setName] = useState(() => (isGroup ? groupLabel(node) : labelOf(node)));
  const field = useRef<HTMLInputElement>(null);
  const settled = useRef(false);
  useLayoutEffect(() => {
    Object.assign(field.current?.style ?? {}, placeOf(node));
    field.current?.select();
  }, [node]);
  const done = () => {
    if (settled.current) return; // Enter takes the focus away, which ends it, too
    settled.current = true;
    close();
    if (isGroup) labelGroup(node, name);
    else rename(node, name);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") done();
    else if (event.key === "Escape") {
      settled.current = true;
      close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <input ref={field} className={classes.rename} aria-label={t("Name of “{node}”", { node })} value={name} autoFocus spellCheck={false}
      onChange={(event) => setName(event.currentTarget.value)} onKeyDown={onKeyDown} onBlur={done} />
  );
}

function placeOf(node: string): { left: string; top: string; width: string } {
  const box = document.querySelector("[data-canvas]")?.getBoundingClientRect();
  const name = CSS.escape(node);
  const own = (document.querySelector(`[role="treeitem"][data-node="${name}"] [data-name]`)
    ?? document.querySelector(`.react-flow__node[data-id="${name}"]`))?.getBoundingClientRect();
  if (!box || !own) return { left: "60px", top: "48px", width: "220px" };
  const width = Math.min(320, Math.max(180, own.width + 8));
  return { left: `${Math.max(4, Math.min(box.width - width - 4, own.left - box.left - 4))}px`, top: `${Math.max(4, own.top - box.top)}px`, width: `${width}px` };
}

/** The name and title of a component that is made of nodes. */
export function ComponentForm({ nodes }: { nodes: readonly string[] }) {
  const taken = useEditor((state) => state.model.components);
  const [title, setTitle] = useState("");
  const name = title.trim().toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^[_0-9]+|_+$/g, "");
  const wrong = !title.trim() || name ? (taken.some((each) => each.name === name) ? t("There is a component “{name}” already.", { name }) : "") : t("Letters or digits are needed.");
  const save = () => {
    if (!name || wrong) return;
    close();
    saveAsComponent(nodes, name, title.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && event.target instanceof HTMLInputElement) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={pick.small} style={{ left: "calc(50% - 150px)", top: 60 }} role="dialog" aria-label={t("Save as a component")} onKeyDown={onKeyDown}>
      <TextInput data-autofocus autoFocus label={t("Name of the component")} value={title} onChange={(event) => setTitle(event.currentTarget.value)} error={wrong || undefined}
        description={name ? t("used as {name}; its inputs are the wires that lead in", { name }) : t("its inputs are the wires that lead in")} />
      <div className={pick.buttons}>
        <Button variant="default" onClick={() => close()}>{t("Cancel")}</Button>
        <Button onClick={save} disabled={!name || Boolean(wrong)}>{t("Save")}</Button>
      </div>
    </div>
  );
}
