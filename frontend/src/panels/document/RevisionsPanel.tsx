import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answered, api } from "../../api/client";
import { useRevisions } from "../../api/pipelines";
import type { RunSummary } from "../../api/types";
import { Ago, Empty, ErrorNote } from "../../design";
import { replaceText } from "../../document/commands";
import { t } from "../../i18n";
import classes from "./code.module.css";
import { Diff } from "./Diff";
import { textOf, useEditor, useEditorStore } from "./editor";

function useRevision(pipeline: number, number: number | null) {
  return useQuery({
    queryKey: ["pipeline", pipeline, "revision", number],
    queryFn: ({ signal }) => answered(api.GET("/api/pipelines/{id}/revisions/{number}", { params: { path: { id: pipeline, number: number ?? 0 } }, signal })),
    enabled: number !== null,
    staleTime: Infinity,
  });
}

interface RevisionsPanelProps {
  canEdit: boolean;
  /** The run that is shown: its revision is marked. */
  run: RunSummary | null;
}

/** Every revision that was saved; one of them beside the text as it is now, and brought back. */
export function RevisionsPanel({ canEdit, run }: RevisionsPanelProps) {
  const editor = useEditorStore();
  const pipeline = useEditor((state) => state.pipeline);
  const text = useEditor(textOf);
  const [chosen, setChosen] = useState<number | null>(null);
  const { data, error } = useRevisions(pipeline);
  const revision = useRevision(pipeline, chosen);
  const restore = (number: number, document: string) => {
    editor.getState().change(replaceText(text, document), t("Restore revision {number}", { number }));
    setChosen(null);
  };
  if (error) return <ErrorNote error={error} />;
  if (data && !data.results.length) return <Empty title={t("No revisions")}>{t("Each time the document is saved, a revision is kept here.")}</Empty>;
  return (
    <div className={classes.panel}>
      <ol className={classes.list} style={{ flex: chosen === null ? 1 : "0 1 40%" }} aria-label={t("Revisions")}>
        {data?.results.map((each) => (
          <li key={each.number}>
            <button type="button" className={classes.item} aria-current={each.number === chosen} onClick={() => setChosen(each.number === chosen ? null : each.number)}>
              <strong>{each.number}</strong>
              <span className="p-truncate" style={{ flex: 1 }}>{each.message || <span className="p-muted">{t("no message")}</span>}</span>
              {each.number === run?.revision ? <span style={{ color: "var(--p-accent-text)" }}>{t("run {run}", { run: run.id })}</span> : null}
              <span className="p-muted">{each.author ?? t("platform")} · <Ago at={each.created_at} /></span>
            </button>
          </li>
        ))}
      </ol>
      {chosen !== null && revision.data ? (
        <>
          <Group className={classes.bar} justify="space-between" style={{ borderTop: "1px solid var(--p-line)" }}>
            <span>{t("Revision {revision} beside the text as it is", { revision: chosen })}</span>
            <Button variant="default" disabled={!canEdit || revision.data.document === text}
              onClick={() => restore(chosen, revision.data.document)}>
              {t("Restore")}
            </Button>
          </Group>
          <Diff before={text} after={revision.data.document} names={[t("the text as it is"), t("revision {revision}", { revision: chosen })]} />
        </>
      ) : null}
      <ErrorNote error={revision.error} />
    </div>
  );
}
