// Verdicts and samples as CSV, made here from what the API pages out.
import { api, data } from "@/api/client";
import type { VerdictView } from "@/api/types";
import { iso, type Span } from "../line/span";

/** More than this belongs into `takt export`, which does not go through a browser. */
const VERDICTS_MAX = 20_000;
const POINTS_MAX = 5_000;

/** A field as RFC 4180 wants it; a leading sign that a spreadsheet would run is made text. */
export function field(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const csv = (rows: readonly (readonly unknown[])[]): string =>
  rows.map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";

export function verdictRows(verdicts: readonly VerdictView[]): unknown[][] {
  const names = [...new Set(verdicts.flatMap((one) => Object.keys(one.scores)))].sort();
  return [
    [
      "at",
      "line",
      "check",
      "epoch",
      "seq",
      "part",
      "verdict",
      "reason",
      ...names.flatMap((name) => [name, `${name}_limit`]),
      "top_tag",
      "model",
      "latency_us",
    ],
    ...verdicts.map((one) => [
      one.at,
      one.line,
      one.check,
      one.epoch,
      one.seq,
      one.part,
      one.verdict,
      one.reason,
      ...names.flatMap((name) => [one.scores[name]?.value, one.scores[name]?.limit]),
      one.contributions[0]?.tag,
      one.model ? `${one.model.name} ${one.model.version}` : "",
      one.latency_us.total + one.latency_us.write,
    ]),
  ];
}

export async function verdictsCsv(line: string, span: Span): Promise<string> {
  const all: VerdictView[] = [];
  let cursor: string | undefined;
  do {
    const page = await data(
      api.GET("/api/v1/verdicts", {
        params: { query: { line, from: iso(span.from), to: iso(span.to), limit: 500, cursor } },
      }),
    );
    all.push(...page.verdicts);
    cursor = page.next ?? undefined;
  } while (cursor && all.length < VERDICTS_MAX);
  return csv(verdictRows(all));
}

export async function samplesCsv(line: string, tags: readonly string[], span: Span): Promise<string> {
  const history = await data(
    api.GET("/api/v1/history", {
      params: {
        query: { line, tags: tags.join(), from: iso(span.from), to: iso(span.to), points: POINTS_MAX },
      },
    }),
  );
  return csv([
    ["tag", "at", "mean", "min", "max", "n", "n_bad"],
    ...history.tags.flatMap((one) =>
      one.points.map((point) => [one.tag, point.at, point.mean, point.min, point.max, point.n, point.n_bad]),
    ),
  ]);
}
