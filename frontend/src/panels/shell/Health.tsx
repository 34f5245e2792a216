import { useConnection, useSession } from "../../api";
import { format, Tag, useNow } from "../../design";
import { t } from "../../i18n";

/** Whether what is shown is live, in words. */
function ConnectionTag() {
  const { state, since } = useConnection();
  const { isError, failureCount } = useSession();
  if (state === "lost" || isError || failureCount > 1) {
    return (
      <Tag tone="bad" title={t("What is shown may be old; the page keeps trying to reconnect.")}>
        {since === null ? t("Not live") : t("Not live since {time}", { time: format.clock(since) })}
      </Tag>
    );
  }
  if (state === "connecting") return <Tag tone="waiting">{t("Connecting")}</Tag>;
  if (state === "closed") return null;
  return (
    <Tag tone="good" title={t("Values on this page are live.")}>
      {t("Live")}
    </Tag>
  );
}

/** The supervisor starts, watches and restarts runs; without it what runs goes on, but nothing is restarted. */
function SupervisorTag() {
  const { data } = useSession();
  const now = useNow();
  if (!data?.user || data.supervisor.alive) return null;
  const at = format.seconds(data.supervisor.at);
  return (
    <Tag tone="warning" title={t("Runs go on, but none is started, stopped or restarted until the supervisor is back. `porsche up` starts it.")}>
      {at === null ? t("Supervisor not running") : t("Supervisor silent for {span}", { span: format.coarse(now - at) })}
    </Tag>
  );
}

/** How the page's connection and the platform's supervisor are. */
export function Health() {
  return (
    <span role="status" aria-live="polite" style={{ display: "inline-flex", gap: 6 }}>
      <SupervisorTag />
      <ConnectionTag />
    </span>
  );
}
