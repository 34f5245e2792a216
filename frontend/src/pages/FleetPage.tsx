import { TextInput } from "@mantine/core";
import { IconActivityHeartbeat, IconSearch } from "@tabler/icons-react";
import { useDeferredValue, useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";

import { type RunSummary, useLive, useProject, useProjectStreams, useRuns } from "../api";
import { DataTable, Empty, ErrorNote, PageHead, type RowKey } from "../design";
import { plural, t } from "../i18n";
import { FLEET_COLUMNS } from "../panels/fleet/columns";
import { counts, matching } from "../panels/fleet/filter";
import { FleetTools } from "../panels/fleet/FleetTools";
import { ResourcesBar } from "../panels/fleet/ResourcesBar";
import { StatusFilter } from "../panels/fleet/StatusFilter";
import classes from "./ListPage.module.css";

/** Runs that were fetched, each as last told by a stream, with those that streams alone have told of; newest first. */
function useFleet(fetched: readonly RunSummary[], project: string | null): RunSummary[] {
  const live = useLive((state) => state.runs);
  const deleted = useLive((state) => state.deleted);
  return useMemo(() => {
    const all = new Map(fetched.map((run) => [run.id, run]));
    for (const run of Object.values(live)) {
      if (project === null || run.pipeline.project === project) all.set(run.id, run);
    }
    return [...all.values()].filter((run) => !deleted.has(run.id)).sort((a, b) => b.id - a.id);
  }, [fetched, live, deleted, project]);
}

export default function FleetPage() {
  const { project } = useProject();
  const navigate = useNavigate();
  const every = useProjectStreams(project);
  const { data, error, refetch } = useRuns({ project }, every);
  const runs = useFleet(useMemo(() => data?.results ?? [], [data]), project);
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search);
  const [statuses, setStatuses] = useState<ReadonlySet<string>>(new Set());
  const [selection, setSelection] = useState<ReadonlySet<RowKey>>(new Set());
  const shown = useMemo(() => matching(runs, statuses, wanted), [runs, statuses, wanted]);
  const chosen = useMemo(() => shown.filter((run) => selection.has(run.id)), [shown, selection]);
  return (
    <div className={classes.page}>
      <PageHead title={t("Fleet")} note={data ? plural(runs.length, "{count} run in {project}", "{count} runs in {project}", { project: project ?? t("all projects") }) : error ? null : t("Loading")} />
      <div className={classes.tools}>
        <TextInput
          w={240}
          leftSection={<IconSearch size={14} />}
          placeholder={t("Search by pipeline, run, reason")}
          aria-label={t("Search runs")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <StatusFilter counts={counts(runs)} chosen={statuses} onChange={setStatuses} />
        <ResourcesBar />
        <div className={classes.right}>
          <FleetTools chosen={chosen} onDone={() => setSelection(new Set())} />
        </div>
      </div>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      <div className={classes.table} hidden={!data && error !== null}>
        {data ? (
          <DataTable
            label={t("Runs")}
            columns={FLEET_COLUMNS}
            rows={shown}
            rowKey={(run) => run.id}
            rowLabel={(run) => t("{pipeline}, run {run}", { pipeline: run.pipeline.slug, run: run.id })}
            order={{ column: "status", direction: "ascending" }}
            selection={selection}
            onSelect={setSelection}
            onOpen={(run) => void navigate(`/pipelines/${run.pipeline.id}?run=${run.id}`)}
            minWidth={1290}
            empty={<NoRuns filtered={runs.length > 0} />}
          />
        ) : null}
      </div>
    </div>
  );
}

function NoRuns({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title={t("No run matches")}>{t("Change the words or the statuses above.")}</Empty>;
  return (
    <Empty icon={<IconActivityHeartbeat size={30} stroke={1.4} aria-hidden />} title={t("Nothing has run yet")} actions={<Link to="/">{t("To the pipelines")}</Link>}>
      {t("Every job of every pipeline is listed here while it runs and after it has ended: what it does, since when and why, how fast, how far behind, and what last went wrong.")}
    </Empty>
  );
}
