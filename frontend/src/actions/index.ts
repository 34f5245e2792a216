/** What a person can do: one registry, read by toolbars, shortcuts, palette and help. */

export { APP_ACTIONS } from "./app";
export { found } from "./find";
export { Help } from "./Help";
export { Keys } from "./Keys";
export { shownText } from "./keys";
export { Palette } from "./Palette";
export { actionOf, isEnabled, listen, perform, register, useActionContext, useActions, useRegistry } from "./registry";
export type { Action, ActionContext } from "./types";
