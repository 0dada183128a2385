// CSV that a spreadsheet reads and cannot be tricked by.
import { describe, expect, it } from "vitest";
import { csv, field } from "./table";

describe("a field", () => {
  it.each([
    [null, ""],
    [3.5, "3.5"],
    [-2, "-2"],
    ["a,b", '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ["=1+1", "'=1+1"],
    ["@cmd", "'@cmd"],
    ["two\nlines", '"two\nlines"'],
  ])("%j is written %j", (value, text) => expect(field(value)).toBe(text));
});
it("rows end as RFC 4180 says", () =>
  expect(
    csv([
      ["a", 1],
      ["b", null],
    ]),
  ).toBe("a,1\r\nb,\r\n"));
