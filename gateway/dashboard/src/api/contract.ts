// Routes that are agreed and not in the OpenAPI document yet, with their bodies written by hand.
// When a route lands, its type here goes and the generated one takes its place.
import type { VerdictView } from "./types";

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
  text: string;
  hint?: string | null;
  priority: "low" | "medium" | "high" | "critical";
  state: AlarmState;
  since: string;
  by?: string | null;
  shelved_until?: string | null;
  n?: number;
};
export type Alarms = { alarms: Alarm[]; flood?: { n: number; since: string } | null };

export type WriteView = {
  at: string;
  output: string;
  target: string;
  value: string;
  purpose: string;
  outcome: string;
  armed: boolean;
  took_us: number;
  why?: string | null;
};
export type VerdictDetail = {
  verdict: VerdictView;
  writes: WriteView[];
  model?: {
    name: string;
    version: string;
    digest: string;
    method?: string | null;
    trained?: string | null;
  } | null;
  previous_fail?: string | null;
  next_fail?: string | null;
  feedback?: { right: boolean; text: string; by: string; at: string } | null;
};
export type Envelope = {
  offset_ms: number[];
  p5: (number | null)[];
  p50: (number | null)[];
  p95: (number | null)[];
};
export type WindowTag = {
  tag: string;
  role?: string | null;
  unit: string;
  samples: { offset_ms: number; value: number | null; quality: string }[];
  envelope?: Envelope | null;
};
export type VerdictWindow = { from: string; to: string; n_good: number; tags: WindowTag[] };

export type DocumentEntry = {
  name: string;
  version: number;
  by?: string | null;
  at: string;
  note?: string | null;
  origin: "file" | "applied";
  lines: string[];
  connections: string[];
};
export type DocumentText = {
  name: string;
  version: number;
  text: string;
  form: Record<string, unknown>;
  origin: "file" | "applied";
};
export type DocumentVersion = { version: number; by?: string | null; at: string; note?: string | null };
export type Change = { name: string; text?: string; form?: unknown; removed?: boolean };
export type DocumentProblem = {
  document?: string | null;
  key?: string | null;
  line?: number | null;
  error: string;
  hint?: string | null;
};
export type Difference = { place: string; key: string; before?: unknown; after?: unknown };
export type Checked = {
  problems: DocumentProblem[];
  difference: Difference[];
  lines_restarted: string[];
  lines_untouched: string[];
  outputs_disarmed: string[];
};

export type TestStep = { name: string; ok: boolean; ms: number; text: string };
export type Guess = { type: string; order: string; value: number | string | null; plausibility: number };
export type RegisterRead = { raw: string | number[]; guesses: Guess[] };
export type TopicSeen = {
  topic: string;
  n: number;
  last: string;
  tags: { value: string; sample: unknown }[];
};
export type ArmingChallenge = {
  challenge: string;
  expires_s: number;
  target: string;
  values: Record<string, unknown>;
  last_write?: string | null;
  problems: string[];
};

export type AuditEvent = { at: string; who?: string | null; what: string; place: string; text: string };
export type User = { name: string; role: string; disabled: boolean; last_seen?: string | null };
export type Token = { name: string; role: string; expires?: string | null; last_used?: string | null };
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
export type LearnJob = {
  job: string;
  progress: number;
  step?: string | null;
  done?: boolean;
  error?: string | null;
  hint?: string | null;
  quality?: { name: string; text: string; ok: boolean }[] | null;
  report?: string | null;
  figures?: { name: string; svg: string }[] | null;
  package?: string | null;
};
