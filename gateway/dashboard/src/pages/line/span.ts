// Which span a page shows: the last minutes, live, or a past one.
import { useEffect, useState } from "react";
import type { LineSearch } from "@/app/routes";

export type Span = { from: number; to: number; live: boolean };

/** How far back one may look at once, in milliseconds. */
export const PRESETS = [
  ["m1", 60_000],
  ["m5", 300_000],
  ["m15", 900_000],
  ["h1", 3_600_000],
  ["h8", 28_800_000],
  ["d1", 86_400_000],
  ["d7", 604_800_000],
] as const;
export const BACK_DEFAULT = 60_000;
/** A drag over less than this was a click. */
const SPAN_MIN_MS = 200;

/** The span that an address asks for, at this moment. */
export function spanOf(search: Pick<LineSearch, "back" | "from" | "to">, now: number): Span {
  if (search.from !== undefined && search.to !== undefined && search.to > search.from) {
    return { from: search.from, to: search.to, live: false };
  }
  const back = search.back && search.back > 0 ? search.back : BACK_DEFAULT;
  return { from: now - back, to: now, live: true };
}

/** How often a live span is read again: often enough to look live, and no oftener than its pixels change. */
export const beatOf = (span: Span): number => Math.min(30_000, Math.max(1_000, (span.to - span.from) / 120));

/** The span, moving along while it is live. */
export function useSpan(search: LineSearch): Span {
  const [now, setNow] = useState(() => Date.now());
  const first = spanOf(search, now);
  const beat = beatOf(first);
  useEffect(() => {
    if (!first.live) return;
    const move = () => document.hidden || setNow(Date.now());
    const soon = setTimeout(move);
    const timer = setInterval(move, beat);
    return () => {
      clearTimeout(soon);
      clearInterval(timer);
    };
  }, [first.live, beat]);
  return first;
}

/** The same length, one step earlier or later; never beyond now. */
export function stepped(
  span: Span,
  direction: -1 | 1,
  now: number,
): { from: number; to: number } | undefined {
  const length = span.to - span.from;
  const from = span.from + direction * length * 0.8;
  return from + length > now ? undefined : { from: Math.round(from), to: Math.round(from + length) };
}

/** A drag as a span, when it is long enough to be meant. */
export function dragged(fromS: number, toS: number): { from: number; to: number } | undefined {
  const [from, to] = [Math.round(fromS * 1_000), Math.round(toS * 1_000)];
  return to - from >= SPAN_MIN_MS ? { from, to } : undefined;
}

export const iso = (ms: number): string => new Date(ms).toISOString();
