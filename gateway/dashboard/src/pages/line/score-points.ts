// Scores over time as the chart draws them: each verdict for itself, or steps of a long span from the store.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type uPlot from "uplot";
import { api, data } from "@/api/client";
import { kindOf } from "@/api/live";
import type { CheckStatus, Kind, ScoreStep, VerdictView } from "@/api/types";
import { idOf } from "@/parts/verdict-id";
import { iso, type Span } from "./span";

/** As many steps as the chart has pixels, about. */
const STEPS = 700;
/** A pause of so many usual steps is a gap: no line is drawn over it. */
const GAP_STEPS = 6;

export type ScorePoint = {
  /** Seconds since 1970. */
  at: number;
  /** The verdict that stands out most. */
  id: string;
  kind: Kind;
  /** By score, as multiples of the limit. */
  ratios: Readonly<Record<string, { min: number; max: number }>>;
};

/** Each verdict is a point. Oldest first. */
export function ofVerdicts(verdicts: readonly VerdictView[]): ScorePoint[] {
  return verdicts.map((one) => ({
    at: Date.parse(one.at) / 1_000,
    id: idOf(one),
    kind: kindOf(one.verdict),
    ratios: Object.fromEntries(
      Object.entries(one.scores).flatMap(([name, { value, limit }]) =>
        value == null || !limit ? [] : [[name, { min: value / limit, max: value / limit }]],
      ),
    ),
  }));
}

/** Each step of the store is a point, with its smallest and largest score: no peak is lost. */
export function ofSteps(steps: readonly ScoreStep[]): ScorePoint[] {
  return steps.map((one) => ({
    at: Date.parse(one.at) / 1_000,
    id: idOf(one),
    kind: one.n_fail > 0 ? "fail" : one.n_inconclusive > 0 ? "inconclusive" : "pass",
    ratios: Object.fromEntries(
      Object.entries(one.scores).flatMap(([name, { min, max, limit }]) =>
        limit ? [[name, { min: min / limit, max: max / limit }]] : [],
      ),
    ),
  }));
}

/** Points with an empty one in every gap, so that the line breaks there. */
export function withGaps(points: readonly ScorePoint[]): ScorePoint[] {
  const steps = points.slice(1).map((one, i) => one.at - (points[i]?.at ?? one.at));
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  if (usual <= 0) return [...points];
  return points.flatMap((one, i) => {
    const step = steps[i];
    return step !== undefined && step > GAP_STEPS * usual
      ? [one, { at: one.at + usual, id: "", kind: "pass" as const, ratios: {} }]
      : [one];
  });
}

/** The names of all scores, and their columns: for each the smallest, then the largest. */
export function columns(points: readonly ScorePoint[]): { names: string[]; data: uPlot.AlignedData } {
  const names = [...new Set(points.flatMap((one) => Object.keys(one.ratios)))].sort();
  const rows = names.flatMap((name) => [
    points.map((one) => one.ratios[name]?.min ?? null),
    points.map((one) => one.ratios[name]?.max ?? null),
  ]);
  return { names, data: [points.map((one) => one.at), ...rows] };
}

/** The steps of a span that holds more verdicts than one list. */
export function useSteps(check: CheckStatus, span: Span, wanted: boolean): readonly ScoreStep[] | undefined {
  const scores = useQuery({
    queryKey: ["scores", check.line, check.id, span.from, span.to],
    enabled: wanted,
    placeholderData: keepPreviousData,
    staleTime: span.live ? 0 : Infinity,
    gcTime: span.live ? 2_000 : 300_000,
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/scores", {
          params: {
            query: {
              line: check.line,
              check: check.id,
              from: iso(span.from),
              to: iso(span.to),
              points: STEPS,
            },
          },
          signal,
        }),
      ),
  });
  return wanted ? scores.data?.steps : undefined;
}
