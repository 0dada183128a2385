// The verdicts of a span: from the live stream while it reaches back far enough, else from the store.
import { useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { keyOf, useVerdicts } from "@/api/live";
import type { CheckStatus, VerdictView } from "@/api/types";
import { iso, type Span } from "./span";

/** One answer of the store holds so many. */
const N_MAX = 500;

/** Newest first; `more` when the span holds more than are shown. */
export function useSpanVerdicts(
  check: CheckStatus,
  span: Span,
): { verdicts: readonly VerdictView[]; more: boolean } {
  const live = useVerdicts(keyOf(check));
  const kept = useQuery({
    queryKey: [
      "verdicts",
      "span",
      check.line,
      check.id,
      span.live ? span.to - span.from : [span.from, span.to],
    ],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/verdicts", {
          params: {
            query: {
              line: check.line,
              check: check.id,
              from: iso(span.from),
              to: iso(span.to),
              limit: N_MAX,
            },
          },
          signal,
        }),
      ),
    staleTime: span.live ? 0 : Infinity,
    refetchInterval: span.live ? 30_000 : false,
    placeholderData: (old) => old,
  });
  const stored = kept.data?.verdicts ?? [];
  return { verdicts: span.live ? merged(live, stored, span.from) : stored, more: kept.data?.next != null };
}

/** The stream's verdicts before the store's, each once, newest first, none older than `from`. */
export function merged(
  live: readonly VerdictView[],
  stored: readonly VerdictView[],
  from: number,
): VerdictView[] {
  const known = new Set<string>();
  return [...[...live].reverse(), ...stored].filter((one) => {
    const key = `${one.epoch}-${one.seq}`;
    if (known.has(key) || Date.parse(one.at) < from) return false;
    known.add(key);
    return true;
  });
}
