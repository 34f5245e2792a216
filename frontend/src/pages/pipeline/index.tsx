import { useState } from "react";
import { useParams } from "react-router";

import { usePipeline, useRole } from "../../api";
import type { PipelineDetail } from "../../api/types";
import { ErrorNote } from "../../design";
import { readDraft } from "../../panels/document/drafts";
import { type Editor, EditorProvider, createEditor } from "../../panels/document/editor";
import { Workbench } from "./Workbench";

/** A pipeline: drawn, as SQL, as text, running. */
export default function PipelinePage() {
  const id = Number(useParams().id);
  const { data, error, refetch } = usePipeline(Number.isInteger(id) ? id : null);
  const role = useRole(data?.project);
  if (data) return <Opened key={data.id} detail={data} role={role} />;
  return <div className="p-page">{error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : <p className="p-muted">Loading the pipeline</p>}</div>;
}

function Opened({ detail, role }: { detail: PipelineDetail; role: ReturnType<typeof useRole> }) {
  const [editor] = useState(() => open(detail));
  return (
    <EditorProvider value={editor}>
      <Workbench detail={detail} role={role} />
    </EditorProvider>
  );
}

/** The editor of a pipeline, with what an earlier visit left unsaved; what rested on an older revision is a conflict. */
function open(detail: PipelineDetail): Editor {
  const kept = readDraft(detail.id);
  const draft = kept && kept.text !== detail.document ? kept : null;
  const editor = createEditor({ pipeline: detail.id, revision: detail.revision, document: detail.document, layout: detail.layout, draft });
  if (draft && draft.revision !== detail.revision) {
    editor.setState({ revision: draft.revision });
    editor.getState().meet({ revision: detail.revision, document: detail.document });
  }
  return editor;
}
