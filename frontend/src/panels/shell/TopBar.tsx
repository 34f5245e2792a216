import { ActionIcon, Menu, Select, Tooltip, UnstyledButton, useComputedColorScheme } from "@mantine/core";
import { IconChevronDown, IconKeyboard, IconLogout, IconMoon, IconSearch, IconSettings, IconSun } from "@tabler/icons-react";

import { Keys, perform } from "../../actions";
import { useProject, useSession } from "../../api";
import { t } from "../../i18n";
import { Health } from "./Health";
import { LanguageMenu } from "./LanguageMenu";
import classes from "./Shell.module.css";

const ALL = "";

function ProjectSelect() {
  const { data } = useSession();
  const { project, choose } = useProject();
  const projects = data?.projects ?? [];
  return (
    <Select
      aria-label={t("Project")}
      w={170}
      allowDeselect={false}
      data={[{ value: ALL, label: t("All projects") }, ...projects.map((one) => ({ value: one.slug, label: one.title || one.slug }))]}
      value={project ?? ALL}
      onChange={(value) => choose(value || null)}
    />
  );
}

function ThemeButton() {
  const scheme = useComputedColorScheme("light");
  const label = scheme === "dark" ? t("Switch to light") : t("Switch to dark");
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={() => perform("app.theme")}>
        {scheme === "dark" ? <IconSun size={17} /> : <IconMoon size={17} />}
      </ActionIcon>
    </Tooltip>
  );
}

function UserMenu() {
  const { data } = useSession();
  const name = data?.user?.username ?? "";
  return (
    <Menu position="bottom-end" width={200} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <UnstyledButton aria-label={t("User {name}", { name })} style={{ display: "inline-flex", alignItems: "center", gap: 4, fontSize: 12, fontWeight: 600 }}>
          {name}
          <IconChevronDown size={13} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconSettings size={14} />} onClick={() => perform("go.settings")}>
          {t("Settings and tokens")}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={14} />} onClick={() => perform("app.help")}>
          {t("Keyboard shortcuts")}
        </Menu.Item>
        <Menu.Divider role="separator" />
        <Menu.Item leftSection={<IconLogout size={14} />} onClick={() => perform("app.sign-out")}>
          {t("Sign out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Project, search, health, theme, user: the same on every page. */
export function TopBar() {
  return (
    <header className={classes.bar}>
      <ProjectSelect />
      <button type="button" className={classes.search} onClick={() => perform("app.palette")}>
        <IconSearch size={14} aria-hidden />
        {t("Search or run an action")}
        <Keys keys="mod+shift+p" />
      </button>
      <div className={classes.end}>
        <Health />
        <LanguageMenu />
        <ThemeButton />
        <UserMenu />
      </div>
    </header>
  );
}
