import { Navigate, useParams } from "react-router";

import { pipelineUrl, useRunDetail } from "../api";
import { ErrorNote } from "../design";
import { Waiting } from "./Gate";

/** A run's page is its pipeline's, with the run chosen. */
export default function RunRedirect() {
  const id = Number(useParams().id);
  const { data, error } = useRunDetail(Number.isInteger(id) ? id : null);
  if (data) return <Navigate to={`${pipelineUrl(data.pipeline.id)}?run=${data.id}`} replace />;
  return error ? (
    <div className="p-page">
      <ErrorNote error={error} />
    </div>
  ) : (
    <Waiting />
  );
}
