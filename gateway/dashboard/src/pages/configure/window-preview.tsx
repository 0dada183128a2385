// A check's windows drawn on what the sensors say now, so that one sees what the model will.
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import { api, data } from "@/api/client";
import { useLine } from "@/api/live";
import type { TagHistory } from "@/api/types";
import { type Check, inputsOf, spanMs } from "@/api/written";
import { Chart, timeAxis, token, valueAxis, wash } from "@/parts/chart";
import { figure } from "@/text/format";
import { columns, padded } from "../line/trends";
import { iso } from "../line/span";

const BACK_MS = 15_000;
const BEAT_MS = 1_000;
const TAGS_MAX = 4;

export type Cut = { from: number; to: number };

/** Where the windows of a rule lie in a span, in milliseconds: as the gateway would cut them. */
export function cuts(check: Pick<Check, "window">, trigger: TagHistory | undefined, span: Cut): Cut[] {
  const { window } = check;
  if (window.kind === "time") {
    const [length, hop] = [
      spanMs(window.span),
      spanMs(typeof window.hop === "string" ? window.hop : undefined) ?? spanMs(window.span),
    ];
    if (!length || !hop) return [];
    const last = Math.floor(span.to / hop) * hop;
    return Array.from({ length: Math.min(60, Math.ceil((span.to - span.from) / hop)) }, (_, i) => ({
      from: last - i * hop - length,
      to: last - i * hop,
    })).reverse();
  }
  if (window.kind !== "trigger" || !trigger) return [];
  const [before, after] = [spanMs(window.collect?.before) ?? 0, spanMs(window.collect?.after) ?? 0];
  const edges: number[] = [];
  let old: number | undefined;
  for (const point of trigger.points) {
    const now = point.max ?? point.mean ?? undefined;
    if (now === undefined || now === null) continue;
    const is =
      window.edge === "rising"
        ? old !== undefined && now > old
        : window.edge === "falling"
          ? old !== undefined && now < old
          : old !== undefined && now !== old;
    if (is) edges.push(Date.parse(point.at));
    old = now;
  }
  return edges.map((at) => ({ from: at - before, to: at + after }));
}

export function WindowPreview({ line, check }: { line: string; check: Check }) {
  const { t } = useTranslation();
  const runs = useLine(line) !== undefined;
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), BEAT_MS);
    return () => clearInterval(timer);
  }, []);
  const shown = inputsOf(check).slice(0, TAGS_MAX);
  const trigger = check.window.kind === "trigger" ? check.window.tag : undefined;
  const tags = [...new Set([...shown, ...(trigger ? [trigger] : [])])];
  const span = { from: now - BACK_MS, to: now };
  const history = useQuery({
    queryKey: ["preview", line, tags.join(), now],
    enabled: runs && tags.length > 0,
    placeholderData: (old) => old,
    gcTime: 2_000,
    retry: false,
    queryFn: () =>
      data(
        api.GET("/api/v1/history", {
          params: {
            query: { line, tags: tags.join(), from: iso(span.from), to: iso(span.to), points: 1_500 },
          },
        }),
      ),
  });
  const byTag = useMemo(() => new Map(history.data?.tags.map((one) => [one.tag, one])), [history.data]);
  const windows = cuts(check, trigger ? byTag.get(trigger) : undefined, span);
  if (!runs) return <p className="quiet">{t("check.previewLater")}</p>;
  return (
    <div>
      <p className="small quiet" style={{ marginBottom: 4 }}>
        {t("check.preview", { n: windows.length })}
      </p>
      {shown.map((tag, i) => (
        <Strip
          key={tag}
          tag={tag}
          index={i}
          history={byTag.get(tag)}
          windows={windows}
          span={span}
          last={i === shown.length - 1}
        />
      ))}
    </div>
  );
}

function Strip({
  tag,
  index,
  history,
  windows,
  span,
  last,
}: {
  tag: string;
  index: number;
  history: TagHistory | undefined;
  windows: Cut[];
  span: Cut;
  last: boolean;
}) {
  const { t } = useTranslation();
  const live = useRef({ windows, span });
  live.current = { windows, span }; // eslint-disable-line react-hooks/refs
  const shown = useMemo(() => columns(history), [history]);
  const make = useCallback(
    (width: number, height: number): uPlot.Options => ({
      width,
      height,
      legend: { show: false },
      padding: [6, 10, last ? 0 : 4, 0],
      cursor: { show: false },
      scales: {
        x: { time: true, range: () => [live.current.span.from / 1_000, live.current.span.to / 1_000] },
        y: { range: (_, low, high) => padded(low, high) },
      },
      axes: [timeAxis(last), valueAxis(58, (_, splits) => splits.map((value) => figure(value, 3)))],
      series: [
        {},
        { show: false },
        { show: false },
        { stroke: token(`series-${index + 1}`), width: 1.4, points: { show: false } },
      ],
      plugins: [{ hooks: { drawClear: (plot: uPlot) => drawCuts(plot, live.current.windows) } }],
    }),
    [index, last],
  );
  return (
    <div>
      <span className="small" style={{ fontWeight: 500 }}>
        {tag}
      </span>
      <Chart make={make} data={shown} height={last ? 92 : 66} label={t("line.trendOf", { tag })} />
    </div>
  );
}

function drawCuts(plot: uPlot, windows: readonly Cut[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  windows.forEach((window, i) => {
    const [left, right] = [
      plot.valToPos(window.from / 1_000, "x", true),
      plot.valToPos(window.to / 1_000, "x", true),
    ];
    ctx.fillStyle = wash("accent", i % 2 ? 0.1 : 0.18);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.fillStyle = token("accent");
    ctx.fillRect(right - devicePixelRatio, bbox.top, 1.5 * devicePixelRatio, bbox.height);
  });
  ctx.restore();
}
