/**
 * What the API answers: names for the shapes that are generated from its description, and what that does not describe
 * (streams, a job's own status). Times are ISO text; `at` of a stream is unix seconds.
 */

import type { components } from "./generated/schema";

type Shapes = components["schemas"];

export type Role = Shapes["Role"];
export type Status = Shapes["Status"];
export type Session = Shapes["Session"];
export type ProjectRole = Shapes["SessionProject"];
export type Reason = Shapes["Reason"];
export type Checkpoint = Shapes["Checkpoint"];
/** A run as lists and streams have it. */
export type RunSummary = Shapes["Run"];
export type RunOptions = Shapes["RunOptionsRequest"];
export type RunDetail = Omit<Shapes["RunDetail"], "snapshot"> & { snapshot: Snapshot | null };
/** Something that happened to a run; `run` where a stream tells it. */
export type RunEvent = Shapes["RunEvent"] & { run?: number };
export type LogLine = Shapes["LogLine"] & { trace?: string | null };
export type DeadLetter = Shapes["DeadLetter"];
export type PipelineItem = Shapes["Pipeline"];
export type PipelineDetail = Shapes["PipelineDetail"];
export type Layout = PipelineDetail["layout"];
export type Diagnostic = Shapes["Diagnostic"];
export type ColumnInfo = Shapes["Column"];
export type NodeSchema = Shapes["NodeColumns"];
export type Statement = Shapes["Statement"];
export type GraphNode = Shapes["GraphNode"];
export type GraphEdge = Shapes["GraphEdge"];
export type Graph = Shapes["Graph"];
export type Compiled = Shapes["Compiled"];
export type SavedDocument = Shapes["Saved"];
export type Revision = Shapes["Revision"];
export type PropertySpec = Shapes["Property"];
export type ComponentSpec = Shapes["Component"];
export type MetricSeries = Shapes["Series"];
export type Token = Shapes["Token"];
export type Work = Shapes["WorkShape"];
export type ModelItem = Shapes["Model"];
export type ModelDetail = Shapes["ModelDetail"];
export type ModelVersion = Shapes["ModelVersion"];
export type ModelVersionDetail = Shapes["ModelVersionDetail"];
export type ModelInput = Shapes["ModelInput"];
export type Weight = Shapes["Weight"];
export type PredictionReply = Shapes["PredictAnswer"];

export interface Page<T> {
  count: number;
  next?: string | null;
  previous?: string | null;
  results: T[];
}

/** The job's own status (status.json); what a job does not know is missing or null. */
export interface Snapshot {
  state?: string;
  epoch?: number | null;
  pid?: number;
  at?: number;
  started?: number | null;
  rows_in?: number | null;
  rows_out?: number | null;
  seconds?: number | null;
  late?: number | null;
  dead_letters?: number | null;
  attempts?: number | null;
  progress?: number | null;
  checkpoint?: SnapshotCheckpoint | null;
  checkpoints_failed?: number | null;
  sources?: SnapshotSource[] | null;
  sinks?: SnapshotSink[] | null;
  operators?: SnapshotOperator[] | null;
  nodes?: Record<string, SnapshotNode> | null;
  metrics?: Record<string, unknown> | null;
  warnings?: SnapshotWarning[] | null;
}

/** What a person should know of a job that runs all the same. */
export interface SnapshotWarning {
  node?: string | null;
  operator?: string | null;
  code: string;
  message: string;
  hint?: string | null;
}

export interface SnapshotCheckpoint {
  epoch?: number | null;
  at?: number | null;
  seconds?: number | null;
  bytes?: number | null;
  full?: boolean | null;
  stall_seconds?: number | null;
}

export interface SnapshotSource {
  name: string;
  nodes?: string[] | null;
  rows?: number | null;
  rate_limit?: number | null;
  watermark?: number | null;
  idle?: boolean | null;
  progress?: number | null;
  behind_seconds?: number | null;
}

export interface SnapshotSink {
  name: string;
  nodes?: string[] | null;
  /** Written so far, over all attempts. */
  rows?: number | null;
}

export interface SnapshotOperator {
  name: string;
  uid?: string;
  shard?: number;
  nodes?: string[] | null;
  rows_in?: number | null;
  rows_out?: number | null;
  late?: number | null;
  watermark?: number | null;
  busy_seconds?: number | null;
  state_rows?: number | null;
  state_bytes?: number | null;
}

export interface SnapshotNode {
  rows_in?: number | null;
  rows_out?: number | null;
  late?: number | null;
  watermark?: number | null;
  busy_seconds?: number | null;
  backpressured_seconds?: number | null;
  latency?: { p50_ms: number; p95_ms: number; p99_ms: number } | null;
  state_bytes?: number | null;
  dead_letters?: number | null;
  fused_into?: string | null;
  /** `answered`: rows that were looked up, of which something was found for `found`; `hits`, `misses`: of the cache. */
  lookup?: { hits: number; misses: number; answered?: number; found?: number; null_keys?: number } | null;
}
