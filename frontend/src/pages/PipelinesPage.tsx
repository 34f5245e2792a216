import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFileImport, IconPlus, IconSchema, IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";

import { useActionContext, useActions } from "../actions";
import { covers, pipelineUrl, type PipelineItem, type RunSummary, useLive, usePipelines, useProject, useProjectStreams, useSession } from "../api";
import { Ago, type Column, DataTable, Empty, ErrorNote, PageHead, Progress, Rate, StatusBadge, urgency, useStable } from "../design";
import { msg, plural, t } from "../i18n";
import { PIPELINES_ACTIONS, type PipelinesContext } from "../panels/pipelines/actions";
import { CreateDialog } from "../panels/pipelines/CreateDialog";
import { GuideList } from "../panels/pipelines/Guide";
import { useGuide } from "../panels/pipelines/guide";
import { PipelineMenu } from "../panels/pipelines/PipelineMenu";
import { RateSparkline } from "../panels/pipelines/RateSparkline";
import type { SourceTab } from "../panels/pipelines/Sources";
import { lagSeconds } from "../panels/run/lag";
import { LagText } from "../panels/run/LagText";
import classes from "./ListPage.module.css";

/** A pipeline with the newest word on its newest run. */
interface Row {
  pipeline: PipelineItem;
  run: RunSummary | null;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "name",
    title: msg("Pipeline"),
    cell: ({ pipeline }) => (
      <Link to={pipelineUrl(pipeline.id)} tabIndex={-1} className={classes.name}>
        {pipeline.title || pipeline.slug}
        {pipeline.title ? <span className="p-muted"> {pipeline.slug}</span> : null}
      </Link>
    ),
    sort: ({ pipeline }) => pipeline.title || pipeline.slug,
  },
  { id: "project", title: msg("Project"), width: 120, cell: ({ pipeline }) => pipeline.project, sort: ({ pipeline }) => pipeline.project },
  {
    id: "status",
    title: msg("Status"),
    width: 124,
    cell: ({ run }) => <StatusBadge status={run?.status} reason={run?.reason?.message} />,
    sort: ({ run }) => urgency(run?.status),
  },
  { id: "since", title: msg("Since"), width: 90, cell: ({ run }) => <Ago at={run?.since} />, sort: ({ run }) => run?.since },
  {
    id: "rate",
    title: msg("Rows read"),
    width: 120,
    align: "end",
    cell: ({ run }) => <Rate value={run?.rates.rows_in} />,
    sort: ({ run }) => run?.rates.rows_in,
  },
  { id: "spark", title: msg("Last 10 min"), width: 116, cell: ({ run }) => (run ? <RateSparkline run={run} /> : null) },
  {
    id: "progress",
    title: msg("Progress"),
    width: 172,
    cell: ({ run }) => (run?.progress === null || run === null ? "–" : <Progress value={run.progress} label={t("Progress of the run")} />),
    sort: ({ run }) => run?.progress,
    help: msg("Of runs whose input has an end"),
  },
  { id: "lag", title: msg("Lag"), width: 108, align: "end", cell: ({ run }) => <LagText run={run} />, sort: ({ run }) => lagSeconds(run), help: msg("How far event time is behind the clock") },
  { id: "changed", title: msg("Changed"), width: 96, cell: ({ pipeline }) => <Ago at={pipeline.updated_at} />, sort: ({ pipeline }) => pipeline.updated_at },
  { id: "revision", title: msg("Revision"), width: 78, align: "end", cell: ({ pipeline }) => pipeline.revision, sort: ({ pipeline }) => pipeline.revision },
  { id: "more", title: "", width: 48, cell: ({ pipeline }) => <PipelineMenu pipeline={pipeline} inList /> },
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

/** With so few pipelines one is new here, and the first steps are shown by themselves. */
const FEW = 1;

/** Opens the menu of the row that has the focus, as menus of rows are opened everywhere. */
function onRowMenu(event: KeyboardEvent) {
  if (event.key !== "ContextMenu" && !(event.key === "F10" && event.shiftKey)) return;
  const row = event.target instanceof HTMLTableRowElement ? event.target : null;
  const menu = row?.querySelector<HTMLElement>("[data-rowmenu]");
  if (!menu) return;
  event.preventDefault();
  menu.click();
}

export default function PipelinesPage() {
  const { project } = useProject();
  const [search, setSearch] = useState("");
  const [wanted] = useDebouncedValue(search, 200);
  const [archived, setArchived] = useState(false);
  const [creating, setCreating] = useState<SourceTab | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const every = useProjectStreams(project);
  const { data, error, refetch } = usePipelines({ project, search: wanted, archived }, every);
  const { data: session } = useSession();
  const guide = useGuide();
  const editor = session?.projects.some((one) => covers(one.role, "editor")) ?? false;
  const rows = useRows(useMemo(() => data?.results ?? [], [data]));
  const taken = useMemo(() => new Set(rows.map(({ pipeline }) => pipeline.slug)), [rows]);
  usePageActions({ canCreate: editor, create: () => setCreating("template"), import: () => setCreating("import"), search: () => field.current?.focus() });
  const waits = data === undefined && error === null; // what comes decides what stands above the list
  const isNew = data !== undefined && data.count <= FEW && !archived && wanted === "";
  return (
    <div className={classes.page}>
      <PageHead title={t("Pipelines")} note={data ? noteOf(data.count, project) : error ? null : t("Loading")} actions={<Begin editor={editor} onBegin={setCreating} />} />
      {editor && (isNew || guide.pipeline !== null) ? <GuideList onCreate={() => setCreating("template")} /> : null}
      <div className={classes.tools} data-waits={waits || undefined}>
        <TextInput ref={field} w={280} leftSection={<IconSearch size={14} />} placeholder={t("Search by name or title")} aria-label={t("Search pipelines")}
          value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
        <SegmentedControl aria-label={t("Which pipelines")} value={archived ? "archived" : "used"} onChange={(value) => setArchived(value === "archived")}
          data={[{ value: "used", label: t("In use") }, { value: "archived", label: t("Archived") }]} />
      </div>
      <ErrorNote error={error} onRetry={() => void refetch()} />
      <div className={classes.table} hidden={!data} onKeyDown={onRowMenu}>
        {data ? (
          <DataTable
            label={t("Pipelines")}
            columns={COLUMNS}
            rows={rows}
            rowKey={(row) => row.pipeline.id}
            rowLabel={(row) => row.pipeline.title || row.pipeline.slug}
            order={{ column: "name", direction: "ascending" }}
            onOpen={(row) => void navigate(pipelineUrl(row.pipeline.id))}
            minWidth={1140}
            empty={<NoPipelines searched={wanted !== ""} archived={archived} editor={editor} onBegin={setCreating} onClear={() => setSearch("")} />}
          />
        ) : null}
      </div>
      <CreateDialog opened={creating} onClose={() => setCreating(null)} onCreated={(url) => void navigate(url)} taken={taken} />
    </div>
  );
}

function noteOf(count: number, project: string | null): string {
  const many = plural(count, "{count} pipeline", "{count} pipelines");
  return project === null ? t("{many} in all projects", { many }) : t("{many} in {project}", { many, project });
}

function usePageActions(given: PipelinesContext): void {
  const { canCreate } = given;
  const create = useStable(given.create);
  const imports = useStable(given.import);
  const search = useStable(given.search);
  useActions(PIPELINES_ACTIONS);
  useActionContext("pipelines", useMemo(() => ({ canCreate, create, import: imports, search }), [canCreate, create, imports, search]));
}

interface BeginProps {
  editor: boolean;
  onBegin: (tab: SourceTab) => void;
}

function Begin({ editor, onBegin }: BeginProps) {
  return (
    <>
      <Button variant="default" leftSection={<IconFileImport size={14} />} onClick={() => onBegin("import")} disabled={!editor}>{t("Import")}</Button>
      <Button leftSection={<IconPlus size={14} />} onClick={() => onBegin("template")} disabled={!editor}>{t("New pipeline")}</Button>
    </>
  );
}

interface NoPipelinesProps extends BeginProps {
  searched: boolean;
  archived: boolean;
  onClear: () => void;
}

function NoPipelines({ searched, archived, editor, onBegin, onClear }: NoPipelinesProps) {
  if (searched) {
    return (
      <Empty title={t("No pipeline has these words")} actions={<Button variant="default" onClick={onClear}>{t("Clear the search")}</Button>}>
        {t("Each word must be in the name or the title. Archived pipelines are listed apart.")}
      </Empty>
    );
  }
  if (archived) return <Empty title={t("Nothing is archived")}>{t("Pipelines that are no longer used are put here from their menu; their runs and models stay.")}</Empty>;
  return (
    <Empty icon={<IconSchema size={30} stroke={1.4} aria-hidden />} title={t("Draw your first pipeline")} actions={<Begin editor={editor} onBegin={onBegin} />}>
      {t("A pipeline reads events, computes features as they come, trains a model on them and predicts with it. Begin with the template that learns: create it, press Start, and watch its AUC.")}
    </Empty>
  );
}
