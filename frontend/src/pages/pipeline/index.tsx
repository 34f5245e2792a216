import { useState } from "react";
import { useParams } from "react-router";

import { ApiError, usePipeline, useRole, useSession } from "../../api";
import type { PipelineDetail } from "../../api/types";
import type { WorkingCopy } from "../../api/workingCopy";
import { ErrorNote } from "../../design";
import { t } from "../../i18n";
import { EditorProvider } from "../../panels/document/editor";
import { openEditor, openedEditor, useWorkingCopy } from "../../panels/document/opening";
import NotFoundPage from "../NotFoundPage";
import { Workbench } from "./Workbench";

/** A pipeline: drawn, as SQL, as text, running. */
export default function PipelinePage() {
  const given = Number(useParams().id);
  const id = Number.isInteger(given) ? given : null;
  const { data: session } = useSession();
  const user = session?.user?.username ?? "";
  const { data, error, refetch } = usePipeline(id);
  const known = openedEditor(given, user) !== null;
  const copy = useWorkingCopy(given, id !== null && !known);
  const role = useRole(data?.project);
  if (data && (known || copy.data)) return <Opened key={data.id} detail={data} user={user} copy={copy.data ?? null} role={role} />;
  const failed = error ?? copy.error;
  if (failed instanceof ApiError && failed.unavailable) return <NotFoundPage />;
  const again = () => void Promise.all([refetch(), copy.refetch()]);
  return <div className="p-page">{failed ? <ErrorNote error={failed} onRetry={again} /> : <p className="p-muted">{t("Loading the pipeline")}</p>}</div>;
}

interface OpenedProps {
  detail: PipelineDetail;
  user: string;
  copy: WorkingCopy | null;
  role: ReturnType<typeof useRole>;
}

function Opened({ detail, user, copy, role }: OpenedProps) {
  const [editor] = useState(() => (copy ? openEditor(detail.id, user, copy) : openedEditor(detail.id, user)));
  return editor ? (
    <EditorProvider value={editor}>
      <Workbench detail={detail} role={role} />
    </EditorProvider>
  ) : null;
}
