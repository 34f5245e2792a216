import { IconActivityHeartbeat, IconBrain, IconKeyboard, IconLanguage, IconLogout, IconMoon, IconSchema, IconSearch, IconSettings } from "@tabler/icons-react";

import { LANGUAGES, language, msg, speak } from "../i18n";
import type { Action } from "./types";

const goes = (to: string, label: string, keys: string, icon: Action["icon"]): Action => ({
  id: `go.${label.toLowerCase()}`,
  label: `Go to ${label}`,
  group: "Go",
  keys: [keys],
  icon,
  run: (context) => context.navigate(to),
});

/** What can be done on every page. */
export const APP_ACTIONS: readonly Action[] = [
  goes("/", "Pipelines", "g p", IconSchema),
  goes("/fleet", "Fleet", "g f", IconActivityHeartbeat),
  goes("/models", "Models", "g m", IconBrain),
  goes("/settings", "Settings", "g s", IconSettings),
  {
    id: "app.palette",
    label: "Search and run any action",
    group: "App",
    keys: ["mod+shift+p", "/"],
    icon: IconSearch,
    listed: false,
    run: (context) => context.openPalette(),
  },
  { id: "app.help", label: "Keyboard shortcuts", group: "App", keys: ["?"], icon: IconKeyboard, words: "help keys", run: (context) => context.openHelp() },
  { id: "app.theme", label: "Switch between light and dark", group: "App", icon: IconMoon, words: "theme color", run: (context) => context.toggleTheme() },
  {
    id: "app.language",
    label: msg("Switch the language"),
    group: "App",
    icon: IconLanguage,
    words: LANGUAGES.map((each) => each.name).join(" "),
    run: () => speak(language() === "en" ? "zh" : "en", true),
  },
  { id: "app.sign-out", label: "Sign out", group: "App", icon: IconLogout, words: "log out", run: (context) => context.signOut() },
];
