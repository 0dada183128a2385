// The window of a part against good ones.
import { describe, expect, it } from "vitest";
import type { Band } from "@/api/types";
import { joined, nearest, outside } from "./envelope";

const band = (t_ms: number, low: number, high: number): Band => ({
  t_ms,
  p5: low,
  p50: (low + high) / 2,
  p95: high,
  n: 100,
});
const ENVELOPE = [band(-200, 0, 1), band(-100, 10, 12), band(0, 0, 1)];

describe("leaving the envelope", () => {
  it("inside is nothing", () => expect(outside([{ ms: -100, value: 11 }], ENVELOPE)).toBeUndefined());
  it("a little is nothing: one good sample in ten does", () =>
    expect(outside([{ ms: -100, value: 12.9 }], ENVELOPE)).toBeUndefined());
  it("names the worst, by how much and when", () => {
    const samples = [
      { ms: -200, value: 2 },
      { ms: -100, value: 20 },
      { ms: -50, value: null },
    ];
    expect(outside(samples, ENVELOPE)).toEqual({ by: 8, ms: -100 });
  });
  it("below is negative", () => expect(outside([{ ms: -100, value: 5 }], ENVELOPE)?.by).toBe(-5));
  it("without an envelope nothing is said", () =>
    expect(outside([{ ms: 0, value: 99 }], [])).toBeUndefined());
});

it("samples and envelope share one clock, and neither makes gaps in the other", () => {
  const [times, high, , , own] = joined(
    [
      { ms: -150, value: 5 },
      { ms: 0, value: null },
    ],
    ENVELOPE,
  );
  expect(times).toEqual([-200, -150, -100, 0]);
  expect(high).toEqual([1, undefined, 12, 1]);
  expect(own).toEqual([undefined, 5, undefined, null]);
});

it.each([
  [-500, 0],
  [-160, 0],
  [-140, 1],
  [7, 2],
])("the nearest to %d is number %d", (ms, i) => expect(nearest([-200, -100, 0], ms)).toBe(i));
