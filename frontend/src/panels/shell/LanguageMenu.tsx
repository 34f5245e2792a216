import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconLanguage } from "@tabler/icons-react";

import { LANGUAGES, speak, t, useLanguage } from "../../i18n";

/** Which language the pages are in; each is called what it calls itself. */
export function LanguageMenu() {
  const language = useLanguage();
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Tooltip label={t("Language")}>
          <ActionIcon aria-label={t("Language")}><IconLanguage size={17} /></ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGUAGES.map(({ id, name, tag }) => (
          <Menu.Item key={id} role="menuitemradio" aria-checked={id === language} lang={tag} fw={id === language ? 600 : undefined} onClick={() => void speak(id, true)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
