// Routes that are agreed and not in the OpenAPI document yet, with their bodies written by hand.
// When a route lands, its type here goes and the generated one takes its place.
import type { components } from "./schema";
import type { VerdictView } from "./types";

type WriteStatus = components["schemas"]["WriteStatus"];
type Point = components["schemas"]["Point"];

export type AlarmState =
  | "normal"
  | "active_unacknowledged"
  | "active_acknowledged"
  | "returned_unacknowledged"
  | "shelved"
  | "suppressed"
  | "out_of_service";

export type Alarm = {
  id: string;
  place: string;
  kind: string;
  priority: string;
  state: string;
  since: string;
  holds: boolean;
  text: string;
  by?: string | null;
  shelved_until?: string | null;
  n_raised: number;
};
export type Alarms = { alarms: Alarm[]; flood: { on: boolean; n: number } };

export type WriteView = {
  output: string;
  outcome: string;
  why?: string | null;
  write_us: number;
  value?: string | null;
  target?: string | null;
  at?: string | null;
};
export type VerdictDetail = {
  verdict: VerdictView;
  writes: WriteView[];
  previous_fail?: { epoch: number; seq: number } | null;
  next_fail?: { epoch: number; seq: number } | null;
  feedback?: { right: boolean; text: string; by: string; at: string } | null;
};
/** One step of what good windows did, in milliseconds before the closing sample. */
export type Band = { t_ms: number; p5: number; p50: number; p95: number; n: number };
export type WindowTag = { tag: string; unit: string; points: Point[]; envelope: Band[] };
export type VerdictWindow = { from: string; to: string; n_good: number; tags: WindowTag[] };

export type DocumentEntry = {
  name: string;
  origin: "file" | "applied";
  version: number | null;
  by: string;
  at: string | null;
  note: string;
  lines: string[];
  connections: string[];
};
export type DocumentText = DocumentEntry & { text: string | null; form: Record<string, unknown> | null };
export type DocumentVersion = {
  version: number;
  by: string;
  at: string;
  note: string;
  has_text: boolean;
  n_changes: number;
};
export type Change = { name: string; text?: string; form?: unknown; removed?: boolean };
export type DocumentProblem = {
  document: string;
  key: string;
  line: number;
  column: number;
  error: string;
  hint: string;
};
export type Difference = { place: string; key: string; before?: string | null; after?: string | null };
export type Checked = {
  problems: DocumentProblem[];
  difference: Difference[];
  lines_restarted: string[];
  lines_untouched: string[];
  lines_stopped: string[];
  outputs_disarmed: string[];
};

export type TestStep = { name: string; ok: boolean; ms: number; text: string };
export type Guess = {
  type: string;
  order: string;
  value?: number | string | boolean | null;
  why?: string | null;
  plausibility: number;
};
export type RegisterRead = {
  typed: string;
  register: string;
  unit: number;
  through?: string | null;
  bytes: string;
  guesses: Guess[];
};
export type HeardField = {
  pointer: string;
  value: string;
  kind: "number" | "flag" | "number_as_text" | "time" | "text";
};
export type HeardTopic = {
  topic: string;
  n_messages: number;
  n_bytes: number;
  first_bytes: string;
  at: string;
  fields: HeardField[];
};
export type TopicsHeard = { topics: HeardTopic[]; n_messages_beyond: number };
export type Budget = {
  groups: {
    unit: number;
    every_ms: number;
    tags: string[];
    n_requests: number;
    ms_per_cycle: number;
    share: number;
  }[];
  load: number;
  fits: boolean;
  request_ms: number;
  measured: boolean;
};
export type ArmingOffer = {
  output: string;
  challenge: string;
  expires_s: number;
  armed_by?: string | null;
  target: {
    connection: string;
    device: string;
    unit: number;
    register: string;
    protocol_address: string;
    mode: string;
    read_back: boolean;
  };
  values: {
    pass: string;
    fail: string;
    inconclusive: string;
    fail_safe: string;
    min?: number | null;
    max?: number | null;
  };
  last_write?: WriteStatus | null;
  problems: string[];
};

export type DoctorItem = {
  name: string;
  standing: "ok" | "warning" | "problem";
  text: string;
  hint?: string | null;
};
export type EgressWay = {
  way: string;
  to: string;
  site: string;
  classes: Record<string, number>;
  n_bytes?: number;
};
export type TagLook = { tag: string; [key: string]: unknown };
/** What stands out in the history that would be learned from. */
export type Look = {
  from?: string | null;
  to?: string | null;
  n_frames: number;
  idle_share: number;
  n_rows: number;
  n_independent: number;
  left_out: Record<string, number>;
  tags: TagLook[];
  notes: string[];
};
export type LearnJob = {
  job: string;
  line: string;
  check: string;
  by: string;
  standing: "running" | "done" | "failed" | "cancelled";
  step: string;
  progress: number;
  quality?: Look | null;
  report?: string | null;
  figures?: { scores: string; contributions: string; eigenvalues: string } | null;
  package?: { name: string; version: string; digest: string; n_bytes: number } | null;
  error?: string | null;
};
export type TagsImport = Checked & {
  document: string;
  n_tags: number;
  errors: { line: number; column?: string | null; tag?: string | null; error: string; hint: string }[];
  version?: number | null;
};
export type Secret = { name: string; resolves: boolean; used_by: string[]; why?: string | null };
