/** The API and what streams tell. */

export { ApiError, isSignedOut, type Place, type Problem } from "./errors";
export { answered, api, request, url } from "./client";
export * from "./types";
export { covers, type Held, makeQueryClient, useRole, useSession, useSignIn, useSignInAgain, useSignOut } from "./session";
export { useProject } from "./project";
export {
  pipelineUrl,
  useChangePipeline,
  useCompiled,
  useCreatePipeline,
  useDeletePipeline,
  usePipeline,
  usePipelines,
  useRevisions,
} from "./pipelines";
export { compile, useComponents, type ToCompile } from "./compile";
export {
  fetchDeadLetters,
  fetchLogs,
  isFinal,
  type MetricQuery,
  type NewRun,
  useCreateRun,
  useDeleteRun,
  useMetrics,
  useRunCompiled,
  useRunDetail,
  useRunEvents,
  useRuns,
  useStartRun,
  useStopRun,
  useWork,
} from "./runs";
export { modelUrl, useModel, useModels, usePredict, useVersion, useVersions, useWeights } from "./models";
export { useCreateToken, useRevokeToken, useTokens } from "./tokens";
export { joined, type LivePoint, livePoints, SUMMARY_RATE, useLive, useRun, useSnapshot, useTick } from "./live";
export { type Point, Ring } from "./ring";
export { type Connection, useConnection, useProjectStreams, useStream } from "./stream";
