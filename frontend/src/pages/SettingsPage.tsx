import { SegmentedControl, useMantineColorScheme } from "@mantine/core";

import { useSession } from "../api";
import { Ago, Facts, PageHead, Panel, Tag } from "../design";
import { about, type Language, LANGUAGES, listed, speak, t, useLanguage } from "../i18n";
import { roleName } from "../panels/settings/roles";
import { TokensPanel } from "../panels/settings/TokensPanel";

function LookPanel() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const language = useLanguage();
  return (
    <Panel title={t("Appearance")} note={t("kept in this browser")}>
      <SegmentedControl
        aria-label={t("Theme")}
        data={[
          { value: "auto", label: t("As the system") },
          { value: "light", label: t("Light") },
          { value: "dark", label: t("Dark") },
        ]}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as "auto" | "light" | "dark")}
      />
      <SegmentedControl ml={16} aria-label={t("Language")} data={LANGUAGES.map(({ id, name }) => ({ value: id, label: name }))} value={language}
        onChange={(value) => void speak(value as Language, true)} />
    </Panel>
  );
}

function AboutPanel() {
  const { data } = useSession();
  if (!data) return null;
  const supervisor = data.supervisor.alive ? (
    <Tag tone="good">{t("Running")}</Tag>
  ) : (
    <>
      <Tag tone="warning">{t("Not running")}</Tag> <Ago at={data.supervisor.at} none={t("never seen")} />
    </>
  );
  return (
    <Panel title={t("About")}>
      <Facts
        facts={[
          { name: t("Signed in as"), value: `${data.user?.username ?? ""}${data.user?.is_superuser ? t(", superuser") : ""}` },
          { name: t("Roles"), value: listed(data.projects.map((one) => about(one.slug, roleName(one.role)))) || t("member of no project") },
          { name: t("Version"), value: data.version },
          { name: t("Supervisor"), value: supervisor },
          { name: t("API"), value: <a href="/api/docs">{t("Its description, to read and try")}</a> },
        ]}
      />
    </Panel>
  );
}

export default function SettingsPage() {
  return (
    <div className="p-page">
      <PageHead title={t("Settings")} />
      <div style={{ display: "grid", gap: 12, maxWidth: 1100 }}>
        <TokensPanel />
        <LookPanel />
        <AboutPanel />
      </div>
    </div>
  );
}
