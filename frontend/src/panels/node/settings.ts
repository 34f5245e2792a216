/** Settings of a job that the form of a pipeline offers, by Flink's names. Any other one can be written too. */

import { msg } from "../../i18n";

export interface KnownSetting {
  name: string;
  help: string;
  values?: readonly string[];
  example: string;
}

export const SETTINGS: readonly KnownSetting[] = [
  { name: "execution.checkpointing.interval", help: msg("how often the state is kept: what is done twice after a crash at most"), example: "5 s" },
  { name: "table.exec.state.ttl", help: msg("state that did not change for so long is forgotten"), example: "1 d" },
  { name: "table.exec.source.idle-timeout", help: msg("a part of a source that is silent for so long holds the watermark back no more"), example: "30 s" },
  { name: "table.exec.mini-batch.enabled", help: msg("changes of the same key are put together before they go on"), values: ["true", "false"], example: "true" },
  { name: "table.exec.mini-batch.allow-latency", help: msg("how long changes may wait to be put together"), example: "1 s" },
  { name: "table.exec.mini-batch.size", help: msg("how many rows are put together at most"), example: "5000" },
  { name: "table.local-time-zone", help: msg("the zone in which times are read and written"), example: "Asia/Shanghai" },
  { name: "execution.runtime-mode", help: msg("streaming goes on as rows come; batch ends, with the final result only"), values: ["streaming", "batch"], example: "streaming" },
  { name: "parallelism.default", help: msg("how many shards work at once"), example: "2" },
];
