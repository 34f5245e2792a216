import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useState } from "react";

import { isFinal, type RunSummary, covers, useStartRun, useStopRun, useSession } from "../../api";
import { ConfirmButton, format } from "../../design";
import { each } from "./filter";

const runsText = (count: number) => format.counted(count, "run");

function tell(done: number, verb: string, failed: { run: number; message: string }[]) {
  if (failed.length === 0) {
    notifications.show({ color: "teal", message: `${runsText(done)} asked to ${verb}` });
    return;
  }
  const said = failed.slice(0, 3).map((one) => `run ${one.run}: ${one.message}`);
  const more = failed.length > 3 ? `, and ${failed.length - 3} more` : "";
  notifications.show({ color: "red", autoClose: false, title: `${runsText(failed.length)} could not ${verb}`, message: `${said.join("; ")}${more}` });
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
  const act = async (verb: string, runs: readonly RunSummary[], one: (id: number) => Promise<unknown>) => {
    setBusy(true);
    const { done, failed } = await each(runs.map((run) => run.id), one);
    setBusy(false);
    tell(done, verb, failed);
    if (failed.length === 0) onDone();
  };
  return (
    <>
      <span className="p-muted" role="status">
        {chosen.length > 0 ? `${runsText(chosen.length)} selected` : ""}
      </span>
      <Button
        variant="default"
        leftSection={<IconPlayerPlay size={14} />}
        disabled={startable.length === 0 || busy}
        onClick={() => void act("start", startable, start.mutateAsync)}
      >
        Start {startable.length > 0 ? startable.length : ""}
      </Button>
      <ConfirmButton
        variant="default"
        leftSection={<IconPlayerStop size={14} />}
        disabled={stoppable.length === 0 || busy}
        question={`Stop ${runsText(stoppable.length)}? Each takes a checkpoint first, and resumes from it when started again.`}
        confirm={`Stop ${runsText(stoppable.length)}`}
        onConfirm={() => void act("stop", stoppable, stop.mutateAsync)}
      >
        Stop {stoppable.length > 0 ? stoppable.length : ""}
      </ConfirmButton>
    </>
  );
}
