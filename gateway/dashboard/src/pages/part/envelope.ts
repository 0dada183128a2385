// A window and its envelope on one clock, and where the window leaves it furthest.
import type uPlot from "uplot";
import type { Band, WindowTag } from "@/api/types";

/** Leaving the band by less than this share of its width says nothing: a tenth of good samples lie outside too. */
const BEYOND = 0.5;

/** A sample by its distance to the closing one, in milliseconds: negative before it. */
export type Sample = { ms: number; value: number | null };

/** The samples of a tag, aligned at the closing sample of the window. */
export function samplesOf(tag: WindowTag, closing: string): Sample[] {
  const end = Date.parse(closing);
  return tag.points.map((point) => ({ ms: Date.parse(point.at) - end, value: point.mean ?? null }));
}

/** Times, then p95, p5 and p50 of good parts, then the window's own samples. */
export function joined(samples: readonly Sample[], envelope: readonly Band[]): uPlot.AlignedData {
  const own = new Map(samples.map((sample) => [sample.ms, sample.value]));
  const bands = new Map(envelope.map((band) => [band.t_ms, band]));
  const times = [...new Set([...own.keys(), ...bands.keys()])].sort((a, b) => a - b);
  // `undefined` is no point at all, which a line passes over; `null` would be a gap.
  const band = (of: (band: Band) => number) =>
    times.map((ms) => {
      const found = bands.get(ms);
      return found && of(found);
    });
  return [
    times,
    band((one) => one.p95),
    band((one) => one.p5),
    band((one) => one.p50),
    times.map((ms) => own.get(ms)),
  ] as uPlot.AlignedData;
}

/** The sample furthest outside, in the tag's unit; nothing when all lie inside. */
export function outside(
  samples: readonly Sample[],
  envelope: readonly Band[],
): { by: number; ms: number } | undefined {
  if (envelope.length === 0) return undefined;
  const times = envelope.map((band) => band.t_ms);
  let worst: { by: number; ms: number; weight: number } | undefined;
  for (const { ms, value } of samples) {
    const band = envelope[nearest(times, ms)];
    if (value === null || !band) continue;
    const by = value > band.p95 ? value - band.p95 : value < band.p5 ? value - band.p5 : 0;
    const weight = Math.abs(by) / Math.max(band.p95 - band.p5, Number.EPSILON);
    if (weight > BEYOND && weight > (worst?.weight ?? 0)) worst = { by, ms, weight };
  }
  return worst && { by: worst.by, ms: worst.ms };
}

/** The index of the nearest of ascending values. */
export function nearest(sorted: readonly number[], wanted: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= wanted) low = middle;
    else high = middle;
  }
  return Math.abs((sorted[low] ?? 0) - wanted) <= Math.abs((sorted[high] ?? 0) - wanted) ? low : high;
}
