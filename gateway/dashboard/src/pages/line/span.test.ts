// Time travel.
import { describe, expect, it } from "vitest";
import type { VerdictView } from "@/api/types";
import { beatOf, dragged, spanOf, stepped } from "./span";
import { merged } from "./verdicts";

const NOW = 1_800_000_000_000;

describe("a span", () => {
  it("is the last minute where nothing is said", () =>
    expect(spanOf({}, NOW)).toEqual({ from: NOW - 60_000, to: NOW, live: true }));
  it("is the past where both ends are said", () =>
    expect(spanOf({ from: 1, to: 2 }, NOW)).toEqual({ from: 1, to: 2, live: false }));
  it("with its ends the wrong way round is live", () =>
    expect(spanOf({ from: 2, to: 1 }, NOW).live).toBe(true));
  it("steps back, and never beyond now", () => {
    const span = { from: NOW - 1_000, to: NOW, live: true };
    expect(stepped(span, -1, NOW)).toEqual({ from: NOW - 1_800, to: NOW - 800 });
    expect(stepped(span, 1, NOW)).toBeUndefined();
  });
  it("is not made by a click", () => {
    expect(dragged(10, 10.05)).toBeUndefined();
    expect(dragged(10, 11)).toEqual({ from: 10_000, to: 11_000 });
  });
  it("of a week is not read every second", () => {
    expect(beatOf({ from: 0, to: 60_000, live: true })).toBe(1_000);
    expect(beatOf({ from: 0, to: 7 * 86_400_000, live: true })).toBe(30_000);
  });
});

describe("live and stored verdicts together", () => {
  const verdict = (seq: number) =>
    ({ epoch: 1, seq, at: new Date(NOW + seq * 1_000).toISOString() }) as VerdictView;
  it("come newest first, each once, none too old", () => {
    const all = merged(
      [verdict(2), verdict(3), verdict(4)],
      [verdict(3), verdict(2), verdict(1), verdict(0)],
      NOW + 1_000,
    );
    expect(all.map((one) => one.seq)).toEqual([4, 3, 2, 1]);
  });
});
