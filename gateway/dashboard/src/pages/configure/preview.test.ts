// Windows as the gateway would cut them, and names that it takes.
import { describe, expect, it } from "vitest";
import type { TagHistory } from "@/api/types";
import { spanMs, tidy } from "@/api/written";
import { freeName, nameFault } from "./names";
import { timeFormat } from "./topics";
import { cuts } from "./window-preview";

const counter = (values: [number, number][]): TagHistory =>
  ({
    tag: "part_no",
    n: 0,
    n_bad: 0,
    points: values.map(([ms, value]) => ({
      at: new Date(ms).toISOString(),
      max: value,
      min: value,
      mean: value,
      n: 1,
      n_bad: 0,
    })),
  }) as TagHistory;

describe("windows", () => {
  const trigger = {
    window: {
      kind: "trigger" as const,
      tag: "part_no",
      edge: "change",
      collect: { before: "590ms", after: "10ms" },
    },
  };
  it("lie around each change of the counter", () => {
    expect(
      cuts(
        trigger,
        counter([
          [1_000, 7],
          [1_600, 8],
          [2_200, 9],
        ]),
        { from: 0, to: 3_000 },
      ),
    ).toEqual([
      { from: 1_010, to: 1_610 },
      { from: 1_610, to: 2_210 },
    ]);
  });
  it("do not begin with the first reading: nobody saw it change", () =>
    expect(cuts(trigger, counter([[1_000, 7]]), { from: 0, to: 3_000 })).toEqual([]));
  it("over time move on by their hop", () =>
    expect(
      cuts({ window: { kind: "time", span: "2s", hop: "1s" } }, undefined, { from: 3_000, to: 5_500 }),
    ).toEqual([
      { from: 1_000, to: 3_000 },
      { from: 2_000, to: 4_000 },
      { from: 3_000, to: 5_000 },
    ]));
});

it.each([
  ["590ms", 590],
  ["1s", 1_000],
  ["2min", 120_000],
  ["1.5 s", 1_500],
  ["soon", undefined],
  [undefined, undefined],
])("%s lasts %s ms", (text, ms) => expect(spanMs(text)).toBe(ms));
it("what says nothing is not written", () =>
  expect(
    tidy({ id: "a", unit: "", range: undefined, source: { bit: undefined, register: "holding:1" } }),
  ).toEqual({ id: "a", source: { register: "holding:1" } }));
it.each([
  ["press-3", undefined],
  ["", "nameMissing"],
  ["press 3", "nameWrong"],
  ["-x", "nameWrong"],
  ["line-1", "nameTaken"],
])("the name '%s' is %s", (name, fault) => expect(nameFault(name, ["line-1"])).toBe(fault));
it("a free name counts up", () => expect(freeName("reject", ["reject", "reject-2"])).toBe("reject-3"));
it.each([
  ["1751371200", "s"],
  ["1751371200123", "ms"],
  ["2026-07-01T12:00:00Z", undefined],
])("the time %s is written in %s", (value, unit) =>
  expect(timeFormat({ pointer: "/ts", value, kind: "number" }).time_format).toBe(unit),
);
