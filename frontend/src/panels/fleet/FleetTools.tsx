import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useState } from "react";

import { isFinal, type RunSummary, covers, useStartRun, useStopRun, useSession } from "../../api";
import { ConfirmButton } from "../../design";
import { listed, plural, said, t } from "../../i18n";
import { each } from "./filter";

const runsText = (count: number) => plural(count, "{count} run", "{count} runs");

type Verb = "start" | "stop";

function tell(done: number, verb: Verb, failed: { run: number; message: string }[]) {
  if (failed.length === 0) {
    notifications.show({ color: "teal", message: verb === "start" ? t("{runs} asked to start", { runs: runsText(done) }) : t("{runs} asked to stop", { runs: runsText(done) }) });
    return;
  }
  const reasons = failed.slice(0, 3).map((one) => t("run {run}: {message}", { run: one.run, message: said(one.message) }));
  const more = failed.length > 3 ? t(", and {count} more", { count: failed.length - 3 }) : "";
  notifications.show({ color: "red", autoClose: false, title: verb === "start" ? t("{runs} could not start", { runs: runsText(failed.length) }) : t("{runs} could not stop", { runs: runsText(failed.length) }), message: `${listed(reasons, ";")}${more}` });
}

interface FleetToolsProps {
  chosen: readonly RunSummary[];
  onDone: () => void;
}

/** What can be done to all runs that are selected. */
export function FleetTools({ chosen, onDone }: FleetToolsProps) {
  const start = useStartRun();
  const stop = useStopRun();
  const { data } = useSession();
  const [busy, setBusy] = useState(false);
  const may = (run: RunSummary) => covers(data?.projects.find((one) => one.slug === run.pipeline.project)?.role, "operator");
  const startable = chosen.filter((run) => may(run) && run.status !== "FINISHED" && isFinal(run.status));
  const stoppable = chosen.filter((run) => may(run) && !isFinal(run.status) && run.status !== "STOPPING");
  const act = async (verb: Verb, runs: readonly RunSummary[], one: (id: number) => Promise<unknown>) => {
    setBusy(true);
    const { done, failed } = await each(runs.map((run) => run.id), one);
    setBusy(false);
    tell(done, verb, failed);
    if (failed.length === 0) onDone();
  };
  return (
    <>
      <span className="p-muted" role="status">
        {chosen.length > 0 ? plural(chosen.length, "{count} run selected", "{count} runs selected") : ""}
      </span>
      <Button
        variant="default"
        leftSection={<IconPlayerPlay size={14} />}
        disabled={startable.length === 0 || busy}
        onClick={() => void act("start", startable, start.mutateAsync)}
      >
        {t("Start")} {startable.length > 0 ? startable.length : ""}
      </Button>
      <ConfirmButton
        variant="default"
        leftSection={<IconPlayerStop size={14} />}
        disabled={stoppable.length === 0 || busy}
        question={t("Stop {runs}? Each takes a checkpoint first, and resumes from it when started again.", { runs: runsText(stoppable.length) })}
        confirm={t("Stop {runs}", { runs: runsText(stoppable.length) })}
        onConfirm={() => void act("stop", stoppable, stop.mutateAsync)}
      >
        {t("Stop")} {stoppable.length > 0 ? stoppable.length : ""}
      </ConfirmButton>
    </>
  );
}
