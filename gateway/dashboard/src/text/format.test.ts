// Figures as people read them.
import { afterEach, describe, expect, it } from "vitest";
import { bytes, clock, figure, lasting, micros, percent, rate, setZone, speak } from "./format";
import { fromLocal, toLocal } from "./zone";
import { localTimes } from "./times";

const plain = (text: string) => text.replaceAll("\u00a0", " ").replaceAll("\u202f", " ");

afterEach(() => {
  speak("en");
  setZone(undefined);
});

describe("figures", () => {
  it.each([
    [1_124.7, "1,125"],
    [45.934, "45.93"],
    [0.0912, "0.091"],
    [18, "18"],
    [0, "0"],
    [-3.25, "-3.25"],
    [6_675.4, "6,675"],
    [Number.NaN, "–"],
  ])("%d reads %s", (value, text) => expect(figure(value)).toBe(text));

  it("keeps tiny and huge ones short", () => expect(figure(0.00001234)).toMatch(/1\.23E-5/i));
  it.each([
    [59, "59 µs"],
    [727, "727 µs"],
    [8_130, "8.13 ms"],
    [50_000, "50 ms"],
    [1_500_000, "1.5 s"],
  ])("%d µs is %s", (us, text) => expect(plain(micros(us))).toBe(text));
  it.each([
    [12, "12 s"],
    [300, "5 min"],
    [7_260, "2 h 1 min"],
    [400_000, "5 d"],
  ])("%d s lasts %s", (s, text) => expect(plain(lasting(s))).toBe(text));
  it.each([
    [512, "512 B"],
    [10_100_000, "10.1 MB"],
    [2e9, "2 GB"],
  ])("%d bytes are %s", (n, text) => expect(plain(bytes(n))).toBe(text));
  it("says slow rates a minute or an hour", () => {
    expect(rate(1.62)).toEqual(["1.6", "perSecond"]);
    expect(rate(0.05)).toEqual(["3", "perMinute"]);
    expect(rate(0.001)).toEqual(["3.6", "perHour"]);
  });
  it("follows the language", () => {
    speak("de");
    expect(figure(1_234.5)).toBe("1.235");
    expect(plain(percent(0.0358))).toBe("3,58 %");
  });
});

describe("times", () => {
  const noon = "2026-07-01T12:00:00Z";
  it("are shown in the plant's zone", () => {
    setZone("Europe/Vienna");
    expect(clock(noon)).toBe("14:00:00");
  });
  it("go into a field and back unchanged, on both sides of a change of clocks", () => {
    setZone("Europe/Vienna");
    for (const time of ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-10-25T02:30:00Z", noon]) {
      expect(fromLocal(toLocal(Date.parse(time)))).toBe(Date.parse(time));
    }
    expect(fromLocal("")).toBeUndefined();
  });
  it("inside the gateway's sentences become local, and nothing else changes", () => {
    setZone("Europe/Vienna");
    expect(localTimes("down since 2026-07-01T12:00:00Z: refused")).toBe(
      "down since 01 Jul 2026, 14:00:00: refused",
    );
    expect(localTimes("part 4711")).toBe("part 4711");
  });
});
