import type { Icon } from "@tabler/icons-react";

/**
 * What actions are judged by and act on. The shell fills in the base; a page adds its own part by declaration merging:
 *
 *     declare module "../actions/types" { interface ActionContext { pipeline?: PipelineContext } }
 *
 * and `useActionContext("pipeline", value)`.
 */
export interface ActionContext {
  path: string;
  navigate: (to: string) => void;
  openPalette: () => void;
  openHelp: () => void;
  toggleTheme: () => void;
  signOut: () => void;
}

/** Something a person can do: toolbar, menus, shortcut, palette and help all read this one object. */
export interface Action {
  /** "pipeline.start" */
  id: string;
  /** Marked by `msg`; shown by `t`. */
  label: string;
  /** Heading in palette and help; marked by `msg`, too. */
  group: string;
  /** Each a chord such as "mod+shift+p", or two keys after each other: "g f". `mod` is Ctrl, on a Mac Command. */
  keys?: readonly string[];
  /** The keys count only where the focus is inside of this (a CSS selector), or nowhere. */
  within?: string;
  /** The keys are the browser's own, whose event somebody listens to: shown here only. */
  native?: boolean;
  icon?: Icon;
  /** More words by which the palette finds it. */
  words?: string;
  /** Listed in palette and help (default); false for what makes sense by key only. */
  listed?: boolean;
  enabled?: (context: ActionContext) => boolean;
  run: (context: ActionContext) => void | Promise<void>;
}
