import { IconActivityHeartbeat, IconBrain, IconKeyboard, IconLanguage, IconLogout, IconMoon, IconSchema, IconSearch, IconSettings } from "@tabler/icons-react";

import { LANGUAGES, language, msg, speak } from "../i18n";
import type { Action } from "./types";

const goes = (to: string, id: string, label: string, keys: string, icon: Action["icon"]): Action => ({
  id: `go.${id}`,
  label,
  group: msg("Go"),
  keys: [keys],
  icon,
  run: (context) => context.navigate(to),
});

/** What can be done on every page. */
export const APP_ACTIONS: readonly Action[] = [
  goes("/", "pipelines", msg("Go to Pipelines"), "g p", IconSchema),
  goes("/fleet", "fleet", msg("Go to Fleet"), "g f", IconActivityHeartbeat),
  goes("/models", "models", msg("Go to Models"), "g m", IconBrain),
  goes("/settings", "settings", msg("Go to Settings"), "g s", IconSettings),
  {
    id: "app.palette",
    label: msg("Search and run any action"),
    group: msg("App"),
    keys: ["mod+shift+p", "/"],
    icon: IconSearch,
    listed: false,
    run: (context) => context.openPalette(),
  },
  { id: "app.help", label: msg("Keyboard shortcuts"), group: msg("App"), keys: ["?"], icon: IconKeyboard, words: "help keys", run: (context) => context.openHelp() },
  { id: "app.theme", label: msg("Switch between light and dark"), group: msg("App"), icon: IconMoon, words: "theme color", run: (context) => context.toggleTheme() },
  {
    id: "app.language",
    label: msg("Switch the language"),
    group: msg("App"),
    icon: IconLanguage,
    words: LANGUAGES.map((each) => each.name).join(" "),
    run: () => speak(language() === "en" ? "zh" : "en", true),
  },
  { id: "app.sign-out", label: msg("Sign out"), group: msg("App"), icon: IconLogout, words: "log out", run: (context) => context.signOut() },
];
