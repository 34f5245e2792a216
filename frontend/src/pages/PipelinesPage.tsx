import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconSchema, IconSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";

import { covers, isFinal, pipelineUrl, type PipelineItem, type RunSummary, useLive, usePipelines, useProject, useProjectStreams, useSession } from "../api";
import { Ago, type Column, DataTable, Duration, Empty, ErrorNote, PageHead, Progress, Rate, StatusBadge, urgency } from "../design";
import { CreateDialog } from "../panels/pipelines/CreateDialog";
import { RateSparkline } from "../panels/pipelines/RateSparkline";
import classes from "./ListPage.module.css";

/** A pipeline with the newest word on its newest run. */
interface Row {
  pipeline: PipelineItem;
  run: RunSummary | null;
}

const lag = (run: RunSummary | null): number | null => (run === null || isFinal(run.status) ? null : run.lag_seconds);

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "name",
    title: "Pipeline",
    cell: ({ pipeline }) => (
      <Link to={pipelineUrl(pipeline.id)} tabIndex={-1} className={classes.name}>
        {pipeline.title || pipeline.slug}
        {pipeline.title ? <span className="p-muted"> {pipeline.slug}</span> : null}
      </Link>
    ),
    sort: ({ pipeline }) => pipeline.title || pipeline.slug,
  },
  { id: "project", title: "Project", width: 120, cell: ({ pipeline }) => pipeline.project, sort: ({ pipeline }) => pipeline.project },
  {
    id: "status",
    title: "Status",
    width: 124,
    cell: ({ run }) => <StatusBadge status={run?.status} reason={run?.reason?.message} />,
    sort: ({ run }) => urgency(run?.status),
  },
  { id: "since", title: "Since", width: 90, cell: ({ run }) => <Ago at={run?.since} />, sort: ({ run }) => run?.since },
  {
    id: "rate",
    title: "Rows read",
    width: 120,
    align: "end",
    cell: ({ run }) => <Rate value={run?.rates.rows_in} />,
    sort: ({ run }) => run?.rates.rows_in,
  },
  { id: "spark", title: "Last 10 min", width: 116, cell: ({ run }) => (run ? <RateSparkline run={run} /> : null) },
  {
    id: "progress",
    title: "Progress",
    width: 170,
    cell: ({ run }) => (run?.progress === null || run === null ? "–" : <Progress value={run.progress} label="Progress of the run" />),
    sort: ({ run }) => run?.progress,
    help: "Of runs whose input has an end",
  },
  { id: "lag", title: "Lag", width: 90, align: "end", cell: ({ run }) => <Duration value={lag(run)} />, sort: ({ run }) => lag(run), help: "How far event time is behind the clock" },
  { id: "changed", title: "Changed", width: 96, cell: ({ pipeline }) => <Ago at={pipeline.updated_at} />, sort: ({ pipeline }) => pipeline.updated_at },
  { id: "revision", title: "Revision", width: 78, align: "end", cell: ({ pipeline }) => pipeline.revision, sort: ({ pipeline }) => pipeline.revision },
];

/** Rows keep their identity while neither pipeline nor run changes, so that only what changed is drawn. */
function useRows(pipelines: readonly PipelineItem[]): Row[] {
  const runs = useLive((state) => state.runs);
  const deleted = useLive((state) => state.deleted);
  const newest = useMemo(() => {
    const found = new Map<number, RunSummary>();
    for (const run of Object.values(runs)) {
      if ((found.get(run.pipeline.id)?.id ?? 0) < run.id) found.set(run.pipeline.id, run);
    }
    return found;
  }, [runs]);
  return useMemo(
    () =>
      pipelines.map((pipeline) => {
        const run = newest.get(pipeline.id) ?? pipeline.run;
        return { pipeline, run: run && deleted.has(run.id) ? null : run };
      }),
    [pipelines, newest, deleted],
  );
}

export default function PipelinesPage() {
  const { project } = useProject();
  const [search, setSearch] = useState("");
  const [wanted] = useDebouncedValue(search, 200);
  const [archived, setArchived] = useState(false);
  const [creating, setCreating] = useState(false);
  const navigate = useNavigate();
  const every = useProjectStreams(project);
  const { data, error, refetch } = usePipelines({ project, search: wanted, archived }, every);
  const { data: session } = useSession();
  const editor = session?.projects.some((one) => covers(one.role, "editor")) ?? false;
  const rows = useRows(useMemo(() => data?.results ?? [], [data]));
  const taken = useMemo(() => new Set(rows.map(({ pipeline }) => pipeline.slug)), [rows]);
  const create = (
    <Button leftSection={<IconPlus size={14} />} onClick={() => setCreating(true)} disabled={!editor}>
      New pipeline
    </Button>
  );
  return (
    <div className={classes.page}>
      <PageHead title="Pipelines" note={data ? `${data.count} in ${project ?? "all projects"}` : "Loading"} actions={create} />
      <div className={classes.tools}>
        <TextInput
          w={280}
          leftSection={<IconSearch size={14} />}
          placeholder="Search by name or title"
          aria-label="Search pipelines"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Which pipelines"
          data={[
            { value: "used", label: "In use" },
            { value: "archived", label: "Archived" },
          ]}
          value={archived ? "archived" : "used"}
          onChange={(value) => setArchived(value === "archived")}
        />
      </div>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      <div className={classes.table}>
        {data ? (
          <DataTable
            label="Pipelines"
            columns={COLUMNS}
            rows={rows}
            rowKey={(row) => row.pipeline.id}
            rowLabel={(row) => row.pipeline.title || row.pipeline.slug}
            order={{ column: "name", direction: "ascending" }}
            onOpen={(row) => void navigate(pipelineUrl(row.pipeline.id))}
            minWidth={1080}
            empty={<NoPipelines searched={wanted !== ""} archived={archived} create={create} onClear={() => setSearch("")} />}
          />
        ) : null}
      </div>
      <CreateDialog opened={creating} onClose={() => setCreating(false)} onCreated={(url) => void navigate(url)} taken={taken} />
    </div>
  );
}

function NoPipelines({ searched, archived, create, onClear }: { searched: boolean; archived: boolean; create: React.ReactNode; onClear: () => void }) {
  if (searched) {
    return (
      <Empty title="No pipeline has these words" actions={<Button variant="default" onClick={onClear}>Clear the search</Button>}>
        Each word must be in the name or the title. Archived pipelines are listed apart.
      </Empty>
    );
  }
  if (archived) return <Empty title="Nothing is archived">Pipelines that are no longer used are put here from their page; their runs and models stay.</Empty>;
  return (
    <Empty icon={<IconSchema size={30} stroke={1.4} aria-hidden />} title="Draw your first pipeline" actions={create}>
      A pipeline reads events, computes features as they come, trains a model on them and predicts with it. The shop example does all of this
      on made-up events: create it, press Run, and watch it learn.
    </Empty>
  );
}
