import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleDot,
  IconCircleX,
  IconLoader2,
  IconPlayerPause,
  IconPlayerStop,
  IconHourglass,
  IconRefresh,
  IconActivity,
  type Icon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";

import { said, t } from "../i18n";
import { statusLook } from "./status";
import classes from "./StatusBadge.module.css";
import type { Tone } from "./tokens";

const ICONS: Readonly<Record<string, Icon>> = {
  CREATED: IconLoader2,
  QUEUED: IconHourglass,
  INITIALIZING: IconLoader2,
  RUNNING: IconActivity,
  STUCK: IconPlayerPause,
  RESTARTING: IconRefresh,
  STOPPING: IconLoader2,
  STOPPED: IconPlayerStop,
  FINISHED: IconCircleCheck,
  FAILED: IconCircleX,
};

const TURNS = new Set(["CREATED", "INITIALIZING", "RESTARTING", "STOPPING"]);

/** What a run does: colour, icon and word; what it means, and `reason`, on hover. */
export function StatusBadge({ status, reason }: { status: string | null | undefined; reason?: string | null }) {
  const look = statusLook(status);
  const Sign = ICONS[status ?? ""] ?? IconCircleDashed;
  return (
    <span
      className={TURNS.has(status ?? "") ? `${classes.badge} ${classes.turning}` : classes.badge}
      style={toned(look.tone)}
      title={reason ? `${t(look.meaning)} ${said(reason)}` : t(look.meaning)}
    >
      <Sign size={13} stroke={2.2} aria-hidden />
      {t(look.word)}
    </span>
  );
}

const TONES: Readonly<Partial<Record<Tone, Icon>>> = {
  bad: IconCircleX,
  warning: IconAlertTriangle,
  good: IconCircleCheck,
  active: IconCircleDot,
};

/** A word in a tone, with the tone's icon: for health, severities, kinds. */
export function Tag({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  const Sign = TONES[tone];
  return (
    <span className={classes.badge} style={toned(tone)} title={title}>
      {Sign ? <Sign size={13} stroke={2.2} aria-hidden /> : null}
      {children}
    </span>
  );
}

function toned(tone: Tone) {
  return { color: `var(--p-${tone}-text)`, background: `var(--p-${tone}-soft)` };
}
