import { useConnection, useSession } from "../../api";
import { format, Tag, useNow } from "../../design";

/** Whether what is shown is live, in words. */
function ConnectionTag() {
  const { state, since } = useConnection();
  const { isError, failureCount } = useSession();
  if (state === "lost" || isError || failureCount > 1) {
    return (
      <Tag tone="bad" title="What is shown may be old; the page keeps trying to reconnect.">
        Not live{since === null ? "" : ` since ${format.clock(since)}`}
      </Tag>
    );
  }
  if (state === "connecting") return <Tag tone="waiting">Connecting</Tag>;
  if (state === "closed") return null;
  return (
    <Tag tone="good" title="Values on this page are live.">
      Live
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
    <Tag tone="warning" title="Runs go on, but none is started, stopped or restarted until the supervisor is back. `porsche up` starts it.">
      Supervisor {at === null ? "not running" : `silent since ${format.ago(at, now).replace(" ago", "")}`}
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
