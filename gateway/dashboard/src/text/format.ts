// Figures and times as people read them: units always, the plant's zone, the reader's language.

let language = "en";
let zone: string | undefined;
const cache = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

/** The language of figures and months. */
export function speak(next: string): void {
  language = next === "en" ? "en-GB" : next;
  cache.clear();
}

/** The plant's time zone, such as `Europe/Vienna`. */
export function setZone(next: string | undefined): void {
  if (next) {
    try {
      new Intl.DateTimeFormat("en", { timeZone: next });
    } catch {
      return;
    }
  }
  zone = next;
  cache.clear();
}

/** The zone in which times are shown. */
export const zoneName = (): string => zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n${JSON.stringify(options)}`;
  const known = cache.get(key) as Intl.NumberFormat | undefined;
  const made = known ?? new Intl.NumberFormat(language, options);
  cache.set(key, made);
  return made;
}

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d${JSON.stringify(options)}`;
  const known = cache.get(key) as Intl.DateTimeFormat | undefined;
  const made = known ?? new Intl.DateTimeFormat(language, zone ? { ...options, timeZone: zone } : options);
  cache.set(key, made);
  return made;
}

export const DASH = "–";
/** A space that does not break, between a figure and its unit. */
const GAP = "\u00a0";

/** A count. */
export const count = (n: number): string => numbers({ maximumFractionDigits: 0 }).format(n);

/** A figure with as many digits as it needs: three to four that count. */
export function figure(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) {
    return numbers({ notation: "scientific", maximumSignificantDigits: 3 }).format(value);
  }
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.max(size, 1))));
  return numbers({
    maximumFractionDigits: Math.min(places, 3),
    minimumFractionDigits: size >= 1000 || Number.isInteger(value) ? 0 : Math.min(places, 1),
  }).format(value);
}

/** A figure with its unit. */
export const quantity = (value: number | null | undefined, unit: string, digits?: number): string =>
  unit && value !== null && value !== undefined
    ? `${figure(value, digits)}${GAP}${unit}`
    : figure(value, digits);

/** A share of one, in percent. */
export function percent(share: number | null | undefined, places?: number): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return DASH;
  const digits = places ?? (share !== 0 && Math.abs(share) < 0.1 ? 2 : 1);
  return `${numbers({ maximumFractionDigits: digits, minimumFractionDigits: share === 0 || share === 1 ? 0 : digits }).format(share * 100)}${GAP}%`;
}

/** Microseconds in the unit that reads best. */
export function micros(us: number | null | undefined): string {
  if (us === null || us === undefined) return DASH;
  if (us < 1_000) return `${count(us)}${GAP}µs`;
  if (us < 1_000_000) {
    const ms = us / 1_000;
    return `${numbers({ maximumFractionDigits: ms < 10 ? 2 : ms < 100 ? 1 : 0 }).format(ms)}${GAP}ms`;
  }
  return `${numbers({ maximumFractionDigits: 1 }).format(us / 1e6)}${GAP}s`;
}

/** Milliseconds, the same way. */
export const millis = (ms: number | null | undefined): string =>
  micros(ms === null || ms === undefined ? ms : ms * 1_000);

/** A time span in its largest two units. */
export function lasting(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s}${GAP}s`;
  if (s < 5_400) return `${Math.round(s / 60)}${GAP}min`;
  if (s < 172_800) {
    const h = Math.floor(s / 3_600);
    const min = Math.round((s % 3_600) / 60);
    return min ? `${h}${GAP}h ${min}${GAP}min` : `${h}${GAP}h`;
  }
  return `${Math.round(s / 86_400)}${GAP}d`;
}

/** Verdicts a second; slow lines a minute or an hour, so that the figure says something. */
export function rate(perSecond: number): [string, "perSecond" | "perMinute" | "perHour"] {
  const places = (value: number) => numbers({ maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  if (perSecond >= 1 || perSecond === 0) return [places(perSecond), "perSecond"];
  if (perSecond * 60 >= 1) return [places(perSecond * 60), "perMinute"];
  return [places(perSecond * 3_600), "perHour"];
}

/** Bytes in the unit that reads best. */
export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return DASH;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = n;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${numbers({ maximumFractionDigits: value < 10 && unit > 1 ? 2 : value < 100 && unit > 0 ? 1 : 0 }).format(value)}${GAP}${units[unit]}`;
}

/** A time that is none is shown as a dash; one odd value must not take the page with it. */
function told(format: Intl.DateTimeFormat, time: string | number): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? DASH : format.format(at);
}

/** The time of day to the second. */
export const clock = (time: string | number): string =>
  told(dates({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }), time);

/** The time of day to the millisecond. */
export const clockMs = (time: string | number): string =>
  told(
    dates({
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
      hourCycle: "h23",
    }),
    time,
  );

/** The day, short. */
export const day = (time: string | number): string =>
  told(dates({ day: "2-digit", month: "short", year: "numeric" }), time);

/** Day and time; today only the time. */
export function moment(time: string | number): string {
  const that = day(time);
  return that === day(Date.now()) ? clock(time) : `${that}, ${clock(time)}`;
}

/** Day and time to the minute, always with the day. */
export const stamp = (time: string | number): string =>
  told(
    dates({
      day: "2-digit",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZoneName: "short",
    }),
    time,
  );

/** Hours and minutes, for the ends of a span. */
export const hourMinute = (time: number): string =>
  told(dates({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }), time);
export const dayHour = (time: number): string =>
  told(
    dates({ day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    time,
  );
