import { type Resources, useResources } from "../../api/states";
import { format } from "../../design";
import { plural, t } from "../../i18n";

/** How much of the machine runs take, and how many wait for room. */
export function ResourcesBar() {
  const { data } = useResources();
  if (!data) return null;
  const { machine, queue } = data;
  return (
    <span className="p-muted" role="status" title={enforced(data)}>
      {t("{slots} of {most} slots, {memory} of {all}", { slots: format.number(machine.taken.slots), most: format.number(machine.slots), memory: format.bytes(machine.taken.memory), all: format.bytes(machine.memory) })}
      {queue.length ? <strong> · {plural(queue.length, "{count} run waits for room", "{count} runs wait for room")}</strong> : null}
    </span>
  );
}

function enforced({ machine }: Resources): string {
  return t("What jobs take of this machine: {cores} cores. A run that does not fit waits in the queue.", { cores: machine.cores });
}
