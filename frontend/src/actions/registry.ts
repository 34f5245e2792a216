/** All actions there are at the moment, and the context that they see. */

import { useEffect } from "react";
import { create } from "zustand";

import { chord, isHeld, isTyping, isWithin, normal } from "./keys";
import type { Action, ActionContext } from "./types";

interface Registry {
  actions: readonly Action[];
  context: ActionContext;
}

const nowhere: ActionContext = {
  path: "",
  navigate: () => undefined,
  openPalette: () => undefined,
  openHelp: () => undefined,
  toggleTheme: () => undefined,
  signOut: () => undefined,
};

export const useRegistry = create<Registry>(() => ({ actions: [], context: nowhere }));

/** Adds actions; the function returned takes them away. The same id twice, or one chord for two of them, is a mistake. */
export function register(actions: readonly Action[]): () => void {
  const { actions: before } = useRegistry.getState();
  const ids = new Set(before.map((action) => action.id));
  const keys = new Map(before.flatMap((action) => (action.keys ?? []).map((one) => [normal(one), action.id] as const)));
  for (const action of actions) {
    if (ids.has(action.id)) throw new Error(`two actions have the id ${action.id}`);
    ids.add(action.id);
    for (const one of action.keys ?? []) {
      const other = keys.get(normal(one));
      if (other) throw new Error(`${one} is a key of both ${other} and ${action.id}`);
      keys.set(normal(one), action.id);
    }
  }
  useRegistry.setState({ actions: [...before, ...actions] });
  return () => useRegistry.setState((state) => ({ actions: state.actions.filter((one) => !actions.includes(one)) }));
}

/** Actions that exist while a component is shown; the list must keep its identity (a constant of the module). */
export function useActions(actions: readonly Action[]) {
  useEffect(() => register(actions), [actions]);
}

/** A part of the context that exists while a component is shown. */
export function useActionContext<K extends keyof ActionContext>(name: K, value: ActionContext[K]) {
  useEffect(() => {
    useRegistry.setState((state) => ({ context: { ...state.context, [name]: value } }));
  }, [name, value]);
  useEffect(
    () => () => useRegistry.setState((state) => ({ context: { ...state.context, [name]: nowhere[name] } })),
    [name],
  );
}

export function isEnabled(action: Action, context: ActionContext): boolean {
  return action.enabled?.(context) ?? true;
}

/** An action by its id, as toolbars and menus show it. */
export function actionOf(id: string): Action | undefined {
  return useRegistry.getState().actions.find((one) => one.id === id);
}

/** Runs an action by id, if there is one and it is enabled; says whether it ran. */
export function perform(id: string): boolean {
  const { actions, context } = useRegistry.getState();
  const action = actions.find((one) => one.id === id);
  if (!action || !isEnabled(action, context)) return false;
  void action.run(context);
  return true;
}

const SEQUENCE_MS = 1200;

/** Listens for shortcuts. Never while a person types, composes or is in a dialog, nor what another has handled. */
export function listen(target: Document): () => void {
  let first: { key: string; at: number } | null = null;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || isTyping(event.target) || isHeld(event.target)) return;
    const pressed = chord(event);
    if (pressed === null) return;
    const { actions, context } = useRegistry.getState();
    const before = first && event.timeStamp - first.at < SEQUENCE_MS ? first.key : null;
    first = null;
    const tried = before ? [`${before} ${pressed}`, pressed] : [pressed];
    for (const keys of tried) {
      const action = actions.find((one) => !one.native && one.keys?.some((key) => normal(key) === keys) && isWithin(event.target, one.within)
        && isEnabled(one, context));
      if (!action) continue;
      event.preventDefault();
      void action.run(context);
      return;
    }
    if (actions.some((one) => one.keys?.some((key) => normal(key).startsWith(`${pressed} `)))) first = { key: pressed, at: event.timeStamp };
  };
  target.addEventListener("keydown", onKeyDown);
  return () => target.removeEventListener("keydown", onKeyDown);
}
