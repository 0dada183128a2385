// Times as typed into a field, in the plant's zone, and back.
import { zoneName } from "./format";

/** The offset of the plant's zone at a moment, in milliseconds. */
function offsetAt(ms: number): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zoneName(),
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(ms);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const there = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return there - Math.floor(ms / 1_000) * 1_000;
}

/** As a `datetime-local` field wants it. */
export const toLocal = (ms: number): string => new Date(ms + offsetAt(ms)).toISOString().slice(0, 19);

/** What such a field holds, as milliseconds since 1970. */
export function fromLocal(text: string): number | undefined {
  const asUtc = Date.parse(`${text}Z`);
  if (!Number.isFinite(asUtc)) return undefined;
  // The offset before the change of clocks may not be the one after it: one correction settles that.
  const first = asUtc - offsetAt(asUtc);
  return asUtc - offsetAt(first);
}
