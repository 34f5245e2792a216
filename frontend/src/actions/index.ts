/** What a person can do: one registry, read by toolbars, shortcuts, palette and help. */

export { APP_ACTIONS } from "./app";
export { Help } from "./Help";
export { Keys } from "./Keys";
export { Palette } from "./Palette";
export { isEnabled, listen, perform, register, useActionContext, useActions, useRegistry } from "./registry";
export type { Action, ActionContext } from "./types";
