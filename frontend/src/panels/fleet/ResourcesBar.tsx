import { type Resources, useResources } from "../../api/states";
import { format } from "../../design";

/** How much of the machine runs take, and how many wait for room. */
export function ResourcesBar() {
  const { data } = useResources();
  if (!data) return null;
  const { machine, queue } = data;
  return (
    <span className="p-muted" role="status" title={enforced(data)}>
      {format.number(machine.taken.slots)} of {format.number(machine.slots)} slots, {format.bytes(machine.taken.memory)} of {format.bytes(machine.memory)}
      {queue.length ? <strong> · {format.counted(queue.length, "run")} wait for room</strong> : null}
    </span>
  );
}

function enforced({ machine }: Resources): string {
  return `What jobs take of this machine: ${machine.cores} cores. A run that does not fit waits in the queue.`;
}
