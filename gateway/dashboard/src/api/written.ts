// Documents as written: the parts that the page edits, with their names in the documents' schema.

export type Written = { connections?: Connection[]; lines?: Line[]; [key: string]: unknown };

export type Connection = {
  id: string;
  kind: "modbus-tcp" | "mqtt" | "replay";
  address?: string;
  unit?: number;
  timeout?: string;
  connections_max?: number;
  gap_max?: number;
  registers_per_read?: number;
  single_register_write?: string | number;
  write_connection?: boolean;
  pause_between_requests?: string;
  url?: string;
  user?: string;
  password?: string;
  client_id?: string;
  ca?: string;
  cert?: string;
  key?: string;
  clean_session?: boolean;
  verdicts?: boolean;
  version?: string;
  site?: string;
  when_unwritable?: string;
  keep_alive?: string;
  file?: string;
  time?: string;
  speed?: string | number;
  every?: string;
  [key: string]: unknown;
};

export type Source = {
  connection: string;
  register?: string | number;
  type?: string;
  order?: string;
  every?: string;
  unit?: number;
  bit?: number;
  length?: number;
  scale?: number;
  offset?: number;
  topic?: string;
  value?: string;
  time?: string;
  time_format?: string;
  format?: string;
  qos?: number;
  column?: string;
  [key: string]: unknown;
};
export type Tag = {
  id: string;
  source: Source;
  unit?: string;
  range?: number[];
  scale?: number[];
  export?: string;
  [key: string]: unknown;
};

export type Window = {
  kind: "frame" | "count" | "time" | "trigger";
  size?: number;
  hop?: number | string;
  span?: string;
  step?: string;
  align?: string;
  join?: string;
  max_age?: string;
  tag?: string;
  edge?: string;
  collect?: { before?: string; after?: string };
};
export type Condition = {
  tag: string;
  equals?: boolean | number | string;
  above?: number;
  below?: number;
  one_of?: (boolean | number | string)[];
};
export type Output = {
  id: string;
  write: { connection: string; register: string | number; type?: string; order?: string; unit?: number };
  value: { pass: boolean | number; fail: boolean | number; inconclusive: boolean | number };
  fail_safe: boolean | number;
  mode?: string;
  duration?: string;
  min?: number;
  max?: number;
  rate?: string;
  read_back?: boolean;
  repeat_safe?: boolean;
  [key: string]: unknown;
};
export type Check = {
  id: string;
  inputs: string[] | Record<string, string>;
  window: Window;
  model?: string;
  recipe?: { tag: string; map: Record<string, string> };
  when?: Condition;
  deadline?: string;
  lateness?: string;
  device?: string;
  fallback?: boolean;
  outputs?: Output[];
  [key: string]: unknown;
};
export type Line = {
  id: string;
  tags?: Tag[];
  tag_groups?: unknown[];
  checks?: Check[];
  heartbeat?: Record<string, unknown>;
  [key: string]: unknown;
};

export const TYPES = ["bool", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64", "string"] as const;
export const ORDERS = ["abcd", "cdab", "badc", "dcba"] as const;
export const EXPORTS = ["never", "same-site", "same-company", "mesh"] as const;
/** Where the page writes connections, and each line. */
export const CONNECTIONS_DOCUMENT = "connections";
export const lineDocument = (line: string): string => `line-${line}`;

/** The tags that a check judges, whatever way they are written. */
export const inputsOf = (check: Check): string[] =>
  Array.isArray(check.inputs) ? check.inputs : Object.values(check.inputs);

/** A connection as the field routes take it: one that was applied by its name, so that it is asked through what runs. */
export function asked(connection: Connection & { isDraft?: boolean; origin?: string }): string | Connection {
  if (connection.origin !== undefined && connection.origin !== "new" && !connection.isDraft)
    return connection.id;
  return tidy(bareConnection(connection));
}

/** Without what the page knows about it beside its own keys. */
export function bareConnection(
  of: Connection & { document?: unknown; origin?: unknown; isDraft?: unknown },
): Connection {
  const { document, origin, version, isDraft, ...rest } = of;
  // MQTT's own `version` is text; a document's is a number.
  return (typeof version === "string" ? { ...rest, version } : rest) as Connection;
}

/** A document without the keys that say nothing, so that it reads as a person would write it. */
export function tidy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(tidy) as T;
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined && v !== "" && v !== null);
  return Object.fromEntries(entries.map(([key, v]) => [key, tidy(v)])) as T;
}

/** Milliseconds of a span as documents write it: `590ms`, `1s`, `2min`. */
export function spanMs(text: string | undefined): number | undefined {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s|min|m|h)\s*$/.exec(text ?? "");
  if (!found) return undefined;
  const units: Record<string, number> = {
    us: 0.001,
    µs: 0.001,
    ms: 1,
    s: 1_000,
    m: 60_000,
    min: 60_000,
    h: 3_600_000,
  };
  return Number(found[1]) * (units[found[2] ?? ""] ?? Number.NaN);
}
