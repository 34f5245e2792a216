import { Button } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconCloudUp } from "@tabler/icons-react";

import { isSignedOut } from "../../api/errors";
import { plural, said, t } from "../../i18n";
import { useTyping } from "./typing";
import classes from "./keeping.module.css";
import { useEditor, useEditorStore } from "./editor";
import type { Keeping } from "./outbox";

interface Said {
  text: string;
  hint: string;
  tone: "good" | "muted" | "bad";
  /** What can be done about it. */
  action?: "retry" | "compare";
}

/** How far what was edited has come, in words. */
function inWords({ state, error, entries, stored }: Keeping): Said {
  const safe = stored ? t("What you edit is kept in this browser until then: closing the page loses nothing.")
    : t("This browser keeps nothing: do not close the page until it is saved.");
  const count = plural(entries, "{count} edit not saved yet", "{count} edits not saved yet");
  switch (state) {
    case "kept":
      return { text: t("All edits saved"), hint: t("Every edit is at the platform. A revision, which runs start, is made by Save revision or by a run."), tone: "good" };
    case "sending":
      return { text: t("Saving"), hint: safe, tone: "muted" };
    case "conflict":
      return { text: t("Edited by somebody else, too"), hint: t("Nothing of yours is sent until you choose which goes on."), tone: "bad", action: "compare" };
    case "refused":
      return { text: t("{count}: refused", { count }), hint: `${said(error?.message ?? "")}. ${safe}`, tone: "bad", action: "retry" };
    default:
      return { text: t("{count}: {why}", { count, why: reason(error) }), hint: safe, tone: "bad", action: "retry" };
  }
}

function reason(error: Keeping["error"]): string {
  if (!error || error.status === 0) return t("the platform does not answer, trying again");
  if (isSignedOut(error)) return t("you are signed out");
  if (error.status === 429) return t("too many requests, trying again");
  return t("the platform fails ({status}), trying again", { status: error.status });
}

const SIGNS = { good: IconCheck, muted: IconCloudUp, bad: IconAlertTriangle };

/** Whether what was edited is safe; what to do where it is not yet. */
export function KeepingStatus() {
  const editor = useEditorStore();
  const keeping = useEditor((state) => state.keeping);
  const isTyping = useTyping((typing) => typing.held.size > 0);
  const { text, hint, tone, action } = inWords(isTyping && keeping.state === "kept" ? { ...keeping, state: "sending" } : keeping);
  const Sign = SIGNS[tone];
  return (
    <span className={classes.keeping} data-tone={tone}>
      <span role="status" title={hint} className={classes.said}>
        <Sign size={14} aria-hidden />
        <span className="p-truncate">{text}</span>
      </span>
      {action ? (
        <Button variant="subtle" onClick={() => editor.getState().outbox?.retry()}>
          {action === "compare" ? t("Compare, and decide") : t("Try now")}
        </Button>
      ) : null}
    </span>
  );
}
