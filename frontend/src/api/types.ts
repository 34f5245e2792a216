/** What the API answers. Times are ISO text unless a name says `_seconds` or the field is `at` of a stream (unix seconds). */

import type { Place, Problem } from "./errors";

export type Role = "viewer" | "operator" | "editor" | "admin";

export type Status =
  | "CREATED"
  | "INITIALIZING"
  | "RUNNING"
  | "STUCK"
  | "RESTARTING"
  | "STOPPING"
  | "STOPPED"
  | "FINISHED"
  | "FAILED";

export interface Page<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface ProjectRole {
  slug: string;
  title: string;
  role: Role;
}

export interface Session {
  user: { username: string; is_superuser: boolean } | null;
  projects: ProjectRole[];
  csrf_token: string;
  version: string;
  supervisor: { alive: boolean; at: string | null };
}

export interface Reason {
  code: string;
  message: string;
  node?: string | null;
  hint?: string | null;
}

export interface Checkpoint {
  epoch: number | null;
  at: string | number | null;
  age_seconds: number | null;
  bytes: number | null;
  seconds: number | null;
}

/** A run as lists and streams have it. */
export interface RunSummary {
  id: number;
  pipeline: { id: number; slug: string; project: string };
  revision: number;
  status: Status;
  reason: Reason | null;
  since: string;
  desired: "RUNNING" | "STOPPED";
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  restarts: number;
  rates: { rows_in: number | null; rows_out: number | null } | null;
  lag_seconds: number | null;
  checkpoint: Checkpoint | null;
  progress: number | null;
  attempt: number | null;
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
  operators?: SnapshotOperator[] | null;
  nodes?: Record<string, SnapshotNode> | null;
  metrics?: Record<string, unknown> | null;
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
  state_bytes?: number | null;
  dead_letters?: number | null;
  fused_into?: string | null;
  lookup?: { hits: number; misses: number } | null;
}

export interface RunOptions {
  shards?: number | null;
  batch_rows?: number | null;
  rate?: number | null;
  checkpoint_interval?: string | number | null;
}

export interface RunDetail extends RunSummary {
  parameters: Record<string, string>;
  options: RunOptions;
  environment: string;
  snapshot: Snapshot | null;
  outcome: Record<string, unknown> | null;
}

export interface RunEvent {
  id: number;
  run?: number;
  at: string;
  kind: string;
  code: string;
  message: string;
  node: string;
  data: Record<string, unknown>;
  user: string | null;
}

export interface LogLine {
  at: number;
  level: string;
  logger: string;
  message: string;
  node?: string | null;
  attempt?: number | null;
  trace?: string | null;
}

export interface DeadLetter {
  node: string | null;
  code: string | null;
  message: string;
  at: number | null;
  position?: unknown;
  text?: string | null;
  [more: string]: unknown;
}

export interface PipelineItem {
  id: number;
  project: string;
  slug: string;
  title: string;
  revision: number;
  updated_at: string;
  run: RunSummary | null;
  archived: boolean;
}

export type Layout = Record<string, [number, number]>;

export interface PipelineDetail extends PipelineItem {
  document: string;
  layout: Layout;
  digest: string;
}

export interface Diagnostic {
  code: string;
  severity: "error" | "warning";
  node: string | null;
  property: string | null;
  message: string;
  hint: string | null;
  line: number | null;
  column: number | null;
}

export interface ColumnInfo {
  name: string;
  type: string;
  time: boolean | string | null;
}

export interface NodeSchema {
  columns: ColumnInfo[];
  time: string | null;
  key: string[] | null;
  changelog: string | null;
}

export interface Statement {
  kind: string;
  node: string | null;
  name: string;
  span: [number, number];
}

export interface GraphNode {
  id: string;
  component: string;
  label: string | null;
  properties: Record<string, unknown>;
}

export interface GraphEdge {
  from: string;
  to: string;
  source_port: string | null;
  target_port: string | null;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  name: string;
  parameters: Record<string, unknown>;
  settings: Record<string, unknown>;
}

export interface Compiled {
  valid: boolean;
  sql: string | null;
  statements: Statement[];
  nodes: Record<string, NodeSchema>;
  graph: Graph | null;
  lineage: unknown;
  diagnostics: Diagnostic[];
}

export interface SavedDocument {
  revision: number;
  valid: boolean;
  diagnostics: Diagnostic[];
}

export interface Revision {
  number: number;
  message: string;
  author: string | null;
  created_at: string;
  digest: string;
  document?: string;
}

export interface PropertySpec {
  name: string;
  kind: string;
  label: string;
  help: string;
  required: boolean;
  default: unknown;
  [more: string]: unknown;
}

export interface ComponentSpec {
  name: string;
  family: string;
  title: string;
  doc: string;
  ports: { inputs: unknown[]; outputs: unknown[] };
  properties: PropertySpec[];
}

export interface MetricSeries {
  node: string;
  name: string;
  resolution: number;
  points: [at: number, mean: number, least: number, most: number, last: number][];
}

export interface Token {
  id: number;
  name: string;
  prefix: string;
  project: string | null;
  role: Role;
  created_at: string;
  expires_at: string | null;
  used_at: string | null;
}

export interface Work {
  id: number;
  kind: string;
  subject: string;
  state: "WAITING" | "RUNNING" | "DONE" | "FAILED";
  progress: number | null;
  message: string;
  result: unknown;
  error: Problem | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
}

/** [samples, sum of predictions, positives] of one bin of probability. */
export type ReliabilityBin = [number, number, number];

export interface ModelVersion {
  version: number;
  published_at: string | number | null;
  samples: number | null;
  positives: number | null;
  logloss: number | null;
  auc: number | null;
  calibration: number | null;
  calibration_error: number | null;
  window_logloss: number | null;
  window_auc: number | null;
  reliability?: ReliabilityBin[] | null;
}

export interface ModelInput {
  name: string;
  type: string;
}

export interface ModelItem {
  name: string;
  project: string;
  pipeline: { id: number; slug: string; project: string };
  node: string;
  run: number | null;
  learner?: string | null;
  version: ModelVersion | null;
  inputs?: ModelInput[] | null;
  keys?: ModelInput[] | null;
}

export interface Weight {
  feature: string | null;
  value: string | null;
  slot: number;
  weight: number;
  deviation: number | null;
  samples?: number | null;
}

export interface PredictionReply {
  model: string;
  version: number;
  published_at: string | number | null;
  features_at: string | number | null;
  predictions: { p: number | null; freshness_seconds: number | null; missing: string[] }[];
}

export type { Place, Problem };
