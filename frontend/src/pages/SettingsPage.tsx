import { SegmentedControl, useMantineColorScheme } from "@mantine/core";

import { useSession } from "../api";
import { Ago, Facts, PageHead, Panel, Tag } from "../design";
import { TokensPanel } from "../panels/settings/TokensPanel";

function ThemePanel() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Panel title="Appearance" note="kept in this browser">
      <SegmentedControl
        aria-label="Theme"
        data={[
          { value: "auto", label: "As the system" },
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
        ]}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as "auto" | "light" | "dark")}
      />
    </Panel>
  );
}

function AboutPanel() {
  const { data } = useSession();
  if (!data) return null;
  const supervisor = data.supervisor.alive ? (
    <Tag tone="good">Running</Tag>
  ) : (
    <>
      <Tag tone="warning">Not running</Tag> <Ago at={data.supervisor.at} none="never seen" />
    </>
  );
  return (
    <Panel title="About">
      <Facts
        facts={[
          { name: "Signed in as", value: `${data.user?.username ?? ""}${data.user?.is_superuser ? ", superuser" : ""}` },
          { name: "Roles", value: data.projects.map((one) => `${one.slug}: ${one.role}`).join(", ") || "member of no project" },
          { name: "Version", value: data.version },
          { name: "Supervisor", value: supervisor },
          { name: "API", value: <a href="/api/docs">Its description, to read and try</a> },
        ]}
      />
    </Panel>
  );
}

export default function SettingsPage() {
  return (
    <div className="p-page">
      <PageHead title="Settings" />
      <div style={{ display: "grid", gap: 12, maxWidth: 1100 }}>
        <TokensPanel />
        <ThemePanel />
        <AboutPanel />
      </div>
    </div>
  );
}
