// A window and its envelope on one clock, and where the window leaves it furthest.
import type uPlot from "uplot";
import type { WindowTag } from "@/api/contract";

/** Times, then p95, p5 and p50 of good parts, then the window's own samples. */
export function joined(tag: WindowTag): uPlot.AlignedData {
  const { envelope, samples } = tag;
  const own = new Map(samples.map((sample) => [sample.offset_ms, sample.value]));
  const at = new Map(envelope?.offset_ms.map((ms, i) => [ms, i]));
  const times = [...new Set([...own.keys(), ...at.keys()])].sort((a, b) => a - b);
  const from = (column: (number | null)[] | undefined) =>
    times.map((ms) => {
      const i = at.get(ms);
      // `undefined` is no point at all, which a line passes over; `null` would be a gap.
      return i === undefined ? undefined : (column?.[i] ?? null);
    });
  return [
    times,
    from(envelope?.p95),
    from(envelope?.p5),
    from(envelope?.p50),
    times.map((ms) => (own.has(ms) ? own.get(ms) : undefined)),
  ] as uPlot.AlignedData;
}

/** The sample furthest outside, in the tag's unit; nothing when all lie inside. */
export function outside(tag: WindowTag): { by: number; offsetMs: number } | undefined {
  const { envelope } = tag;
  if (!envelope || envelope.offset_ms.length === 0) return undefined;
  let worst: { by: number; offsetMs: number; weight: number } | undefined;
  for (const { offset_ms: offsetMs, value } of tag.samples) {
    if (value === null) continue;
    const i = nearest(envelope.offset_ms, offsetMs);
    const [low, high] = [envelope.p5[i], envelope.p95[i]];
    if (low == null || high == null) continue;
    const by = value > high ? value - high : value < low ? value - low : 0;
    // A tenth of the samples of good parts lie outside too: only what leaves by half the width says something.
    const weight = Math.abs(by) / Math.max(high - low, Number.EPSILON);
    if (weight > 0.5 && weight > (worst?.weight ?? 0)) worst = { by, offsetMs, weight };
  }
  return worst && { by: worst.by, offsetMs: worst.offsetMs };
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
