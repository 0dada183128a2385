// Scores as points: no peak is lost, a gap is no line.
import { describe, expect, it } from "vitest";
import type { ScoreStep, VerdictView } from "@/api/types";
import { columns, ofSteps, ofVerdicts, type ScorePoint, withGaps } from "./score-points";

const at = (s: number) => new Date(s * 1_000).toISOString();
const step = (s: number, more: Partial<ScoreStep> = {}): ScoreStep => ({
  at: at(s),
  epoch: 1,
  seq: s,
  n_pass: 3,
  n_fail: 0,
  n_inconclusive: 0,
  scores: { t2: { min: 10, max: 50, limit: 100 } },
  ...more,
});

describe("points", () => {
  it("are verdicts with their ratio to the limit; a score without a limit is none", () => {
    const verdict = {
      at: at(5),
      epoch: 2,
      seq: 7,
      verdict: "fail",
      scores: { t2: { value: 150, limit: 100 }, spe: { value: 3, limit: null } },
    } as unknown as VerdictView;
    expect(ofVerdicts([verdict])).toEqual([
      { at: 5, id: "2-7", kind: "fail", ratios: { t2: { min: 1.5, max: 1.5 } } },
    ]);
  });
  it("are steps whose worst verdict names them", () => {
    expect(
      ofSteps([step(1, { n_fail: 1, n_inconclusive: 2 }), step(2, { n_inconclusive: 1 }), step(3)]),
    ).toEqual([
      { at: 1, id: "1-1", kind: "fail", ratios: { t2: { min: 0.1, max: 0.5 } } },
      { at: 2, id: "1-2", kind: "inconclusive", ratios: { t2: { min: 0.1, max: 0.5 } } },
      { at: 3, id: "1-3", kind: "pass", ratios: { t2: { min: 0.1, max: 0.5 } } },
    ]);
  });
  it("have an empty one in a gap, and in nothing else", () => {
    const points = ofSteps([1, 2, 3, 4, 30, 31].map((s) => step(s)));
    const times = (all: readonly ScorePoint[]) => all.map((one) => one.at);
    expect(times(withGaps(points))).toEqual([1, 2, 3, 4, 5, 30, 31]);
    expect(columns(withGaps(points)).data[2]?.[4]).toBeNull();
    expect(withGaps([])).toEqual([]);
  });
  it("are columns of the smallest and the largest, score by score", () => {
    const { names, data } = columns(
      ofSteps([step(1), step(2, { scores: { spe: { min: 1, max: 2, limit: 2 } } })]),
    );
    expect(names).toEqual(["spe", "t2"]);
    expect(data).toEqual([
      [1, 2],
      [null, 0.5],
      [null, 1],
      [0.1, null],
      [0.5, null],
    ]);
  });
});
