// The one live stream: status, verdicts and tags as they come, and how old they are when they stop coming.
import { useSyncExternalStore } from "react";
import type { Kind, LiveVerdicts, Status, TagStatus, VerdictView } from "./types";

/** Verdicts kept per check for the strip and the newest rows. */
const VERDICTS_MAX = 240;
/** Rates kept per check, one a second: ten minutes. */
const RATES_MAX = 600;
/** Status comes every second; after so long without one, what is shown is old. */
const STALE_MS = 4_000;
const RETRY_MS = 3_000;

export type Link = "opening" | "live" | "stale";
export type Live = {
  link: Link;
  /** When the last event came, by this machine's clock. */
  seenAt: number;
  status: Status | undefined;
  /** Oldest first, by `line/check`. */
  verdicts: ReadonlyMap<string, readonly VerdictView[]>;
  /** Verdicts a second, oldest first, by `line/check`. */
  rates: ReadonlyMap<string, readonly number[]>;
  /** By `line/tag`, where the stream carries tags. */
  tags: ReadonlyMap<string, TagStatus>;
  nMissed: number;
};

export const keyOf = (check: { line: string; id: string }): string => `${check.line}/${check.id}`;
export const keyOfVerdict = (v: VerdictView): string => `${v.line}/${v.check}/${v.epoch}/${v.seq}`;

let now: Live = {
  link: "opening",
  seenAt: 0,
  status: undefined,
  verdicts: new Map(),
  rates: new Map(),
  tags: new Map(),
  nMissed: 0,
};
const listeners = new Set<() => void>();
let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let watch: ReturnType<typeof setInterval> | undefined;
let line: string | undefined;
let onRefused: (() => void) | undefined;

function change(next: Partial<Live>): void {
  now = { ...now, ...next };
  for (const listener of listeners) listener();
}

const seen = () => ({ link: "live" as const, seenAt: Date.now() });

function takeStatus(status: Status): void {
  const rates = new Map(now.rates);
  for (const one of status.lines) {
    for (const check of one.checks) {
      const key = keyOf(check);
      rates.set(key, [...(rates.get(key) ?? []), check.rate_per_s].slice(-RATES_MAX));
    }
  }
  change({ ...seen(), status, rates });
}

/** Adds what is new; a stream that begins again repeats its last fifty. */
export function addVerdicts(
  known: ReadonlyMap<string, readonly VerdictView[]>,
  come: readonly VerdictView[],
): Map<string, readonly VerdictView[]> {
  const next = new Map(known);
  for (const verdict of come) {
    const key = `${verdict.line}/${verdict.check}`;
    const old = next.get(key) ?? [];
    if (old.some((one) => one.seq === verdict.seq && one.epoch === verdict.epoch)) continue;
    next.set(key, [...old, verdict].slice(-VERDICTS_MAX));
  }
  return next;
}

function takeVerdicts(batch: LiveVerdicts): void {
  change({
    ...seen(),
    verdicts: addVerdicts(now.verdicts, batch.verdicts),
    nMissed: now.nMissed + batch.n_missed,
  });
}

function takeTags(batch: { tags: TagStatus[] }): void {
  const tags = new Map(now.tags);
  for (const tag of batch.tags) tags.set(`${tag.line}/${tag.id}`, tag);
  change({ ...seen(), tags });
}

function open(): void {
  clearTimeout(retry);
  source?.close();
  const topics = line
    ? `topics=status,verdicts,tags,alarms&line=${encodeURIComponent(line)}`
    : "topics=status,verdicts,alarms";
  const mine = new EventSource(`/api/v1/stream?${topics}`);
  source = mine;
  const on = <T>(name: string, take: (body: T) => void) =>
    mine.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as T));
  on<Status>("status", takeStatus);
  on<LiveVerdicts>("verdicts", takeVerdicts);
  on<{ tags: TagStatus[] }>("tags", takeTags);
  on("alarms", () => {
    for (const listener of alarmListeners) listener();
  });
  mine.addEventListener("error", () => {
    if (mine !== source) return;
    // The browser tries again by itself, except after an answer that was no stream.
    if (mine.readyState === EventSource.CLOSED) {
      onRefused?.();
      retry = setTimeout(open, RETRY_MS);
    }
    check();
  });
}

const alarmListeners = new Set<() => void>();

/** Calls when alarms changed; gives how to stop. */
export function onAlarms(act: () => void): () => void {
  alarmListeners.add(act);
  return () => alarmListeners.delete(act);
}

function check(): void {
  if (now.link === "live" && Date.now() - now.seenAt > STALE_MS) change({ link: "stale" });
}

/** Begins to follow; `refused` is called when the gateway gives no stream. */
export function follow(refused: () => void): () => void {
  onRefused = refused;
  open();
  watch = setInterval(check, 1_000);
  return () => {
    source?.close();
    source = undefined;
    clearTimeout(retry);
    clearInterval(watch);
    change({ link: "opening" });
  };
}

/** Asks for the tags of one line as well, or of none. */
export function followLine(next: string | undefined): void {
  if (next === line) return;
  line = next;
  if (source) open();
}

/** What is live, or a part of it. The part must be the same object while nothing changed. */
export function useLive<T>(part: (live: Live) => T): T {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => part(now),
  );
}

const NONE: readonly never[] = [];
export const useStatus = () => useLive((live) => live.status);
export const useLine = (id: string) => useLive((live) => live.status?.lines.find((one) => one.id === id));
export const useVerdicts = (key: string): readonly VerdictView[] =>
  useLive((live) => live.verdicts.get(key) ?? NONE);
export const useRates = (key: string): readonly number[] => useLive((live) => live.rates.get(key) ?? NONE);
export const kindOf = (verdict: string): Kind =>
  verdict === "pass" || verdict === "fail" ? verdict : "inconclusive";
