import { Button, Checkbox, SegmentedControl, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { fetchLogs } from "../../api/runs";
import type { LogLine } from "../../api/types";
import { Empty, ErrorNote } from "../../design";
import { clock, moment } from "../../design/format";
import { msg, plural, t } from "../../i18n";
import { useKept } from "../run/kept";
import classes from "../run/panels.module.css";

type Level = "DEBUG" | "INFO" | "WARNING" | "ERROR";

const LEVELS: Array<{ value: Level; label: string }> = [
  { value: "DEBUG", label: msg("All") },
  { value: "INFO", label: msg("Info") },
  { value: "WARNING", label: msg("Warnings") },
  { value: "ERROR", label: msg("Errors") },
];
const KEPT = 2000;
const EVERY_MS = 1500;

interface Tail {
  lines: LogLine[];
  next: string;
}

/** The last lines of a run's log, and what is added to it; each request asks only for what came since. */
function useTail(run: number, level: Level, paused: boolean, active: boolean) {
  const client = useQueryClient();
  const queryKey = ["run", run, "log", level];
  return useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<Tail> => {
      const before = client.getQueryData<Tail>(queryKey);
      const more = await fetchLogs(run, { after: before?.next, level, limit: 500 }, signal);
      return { lines: [...(before?.lines ?? []), ...more.lines].slice(-KEPT), next: more.next };
    },
    refetchInterval: paused ? false : active ? EVERY_MS : 10_000,
    enabled: !paused,
    gcTime: 0,
  });
}

interface LogPanelProps {
  run: number | null;
  active: boolean;
  onSelect: (node: string) => void;
}

/** The log of a run as it grows. */
export function LogPanel({ run, active, onSelect }: LogPanelProps) {
  if (run === null) return <Empty title={t("No log yet")}>{t("What the job says while it runs appears here.")}</Empty>;
  return <Log key={run} run={run} active={active} onSelect={onSelect} />;
}

function Log({ run, active, onSelect }: LogPanelProps & { run: number }) {
  const [level, setLevel] = useKept<Level>("log.level", "INFO");
  const [paused, setPaused] = useState(false);
  const [follow, setFollow] = useState(true);
  const [search, setSearch] = useState("");
  const { data, error } = useTail(run, level, paused, active);
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => {
    const word = search.trim().toLowerCase();
    return (data?.lines ?? []).filter((line) => !word || `${line.logger} ${line.message} ${line.node ?? ""}`.toLowerCase().includes(word));
  }, [data, search]);
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, follow]);
  const onScroll = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    setFollow(scrollTop + clientHeight >= scrollHeight - 24);
  };
  return (
    <div className={classes.column}>
      <div className={classes.bar}>
        <SegmentedControl data={LEVELS.map(({ value, label }) => ({ value, label: t(label) }))} value={level} onChange={setLevel} aria-label={t("Least level")} />
        <TextInput value={search} onChange={(event) => setSearch(event.currentTarget.value)} placeholder={t("Filter")} aria-label={t("Filter the log")} w={180} />
        <Checkbox label={t("Follow")} checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} />
        <Button variant="default" onClick={() => setPaused(!paused)}>{paused ? t("Go on") : t("Pause")}</Button>
        <span className="p-muted">{plural(lines.length, "{count} line", "{count} lines")}{paused ? t(", paused") : ""}</span>
      </div>
      <ErrorNote error={error} />
      <div className={classes.rows} ref={box} onScroll={onScroll} tabIndex={0} role="log" aria-label={t("Log of the run")} aria-live="off">
        {lines.length ? (
          <ol className={classes.log}>
            {lines.map((line, i) => (
              <li key={`${line.at}-${i}`} data-level={line.level}>
                <time title={t("{moment}, attempt {attempt}, {logger}", { moment: moment(line.at), attempt: line.attempt ?? 1, logger: line.logger ?? "" })}>{clock(line.at)}</time>
                <span className={classes.level}>{line.level}</span>
                <span className={classes.text}>
                  {line.node ? <><button type="button" className={classes.link} onClick={() => onSelect(line.node ?? "")}>{line.node}</button>: </> : null}
                  {line.message}
                </span>
              </li>
            ))}
          </ol>
        ) : data ? <Empty title={t("No lines")}>{search ? t("Nothing at this level matches the filter.") : t("Nothing at this level.")}</Empty> : null}
      </div>
    </div>
  );
}
