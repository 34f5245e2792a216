import { useParams } from "react-router";

import { usePipeline } from "../../api";
import { ErrorNote, PageHead } from "../../design";

export default function PipelinePage() {
  const { data, error } = usePipeline(Number(useParams().id));
  return (
    <div className="p-page">
      <ErrorNote error={error} />
      {data ? <PageHead title={data.title || data.slug} /> : null}
    </div>
  );
}
