// Scores over time as multiples of their limits: the limit is always the line at 1, whatever the model.
import { useCallback, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import { Chart, timeAxis, token, valueAxis, wash } from "@/parts/chart";
import { Empty, Panel } from "@/parts/panel";
import { scoreName } from "@/parts/scores";
import { count, figure } from "@/text/format";
import { columns, type ScorePoint, withGaps } from "./score-points";
import { dragged, type Span } from "./span";
import style from "./score-chart.module.css";

const HEIGHT = 190;
/** How near a click must be to a verdict, in pixels. */
const NEAR = 24;

type Props = {
  points: readonly ScorePoint[];
  span: Span;
  selected: string | undefined;
  onSelect: (id: string) => void;
  onSpan: (span: { from: number; to: number }) => void;
  /** Whether points are steps of several verdicts. */
  stepped: boolean;
};

export function ScoreChart({ points: given, span, selected, onSelect, onSpan, stepped }: Props) {
  const { t } = useTranslation();
  const points = useMemo(() => withGaps(given), [given]);
  const { names, data } = useMemo(() => columns(points), [points]);
  const live = useRef({ points, span, selected, onSelect, onSpan });
  live.current = { points, span, selected, onSelect, onSpan }; // eslint-disable-line react-hooks/refs
  const key = names.join();
  const make = useCallback(
    (width: number, height: number): uPlot.Options => ({
      width,
      height,
      legend: { show: false },
      padding: [12, 10, 0, 0],
      cursor: {
        sync: { key: "line" },
        y: false,
        drag: { x: true, y: false, setScale: false },
        bind: {
          click: (plot) => (event: MouseEvent) => {
            pick(plot, event, live.current);
            return null;
          },
        },
      },
      scales: {
        x: { time: true, range: () => [live.current.span.from / 1_000, live.current.span.to / 1_000] },
        // Linear around the limit and logarithmic far beyond it: a hundredfold fail must not flatten the rest.
        y: { distr: 4, asinh: 1, range: (_, __, high) => [0, Math.max(2, (high ?? 0) * 1.25)] },
      },
      axes: [
        timeAxis(true),
        {
          ...valueAxis(58, (_, splits) => splits.map((v) => `${figure(v, 2)}×`)),
          splits: (plot) => steps(plot.scales["y"]?.max ?? 2),
          filter: (_, splits) => splits,
        },
      ],
      series: [
        {},
        ...key.split(",").flatMap((_, i): uPlot.Series[] => [
          { stroke: "transparent", points: { show: false } },
          {
            stroke: wash(`series-${i + 1}`, 0.55),
            width: 1.2,
            spanGaps: false,
            points: {
              // A step is a stretch of a line, a verdict is a dot.
              show: !stepped,
              size: 5,
              fill: token(`series-${i + 1}`),
              stroke: "transparent",
            },
          },
        ]),
      ],
      bands: key.split(",").map((_, i) => ({
        series: [2 * i + 2, 2 * i + 1] as [number, number],
        fill: wash(`series-${i + 1}`, 0.2),
      })),
      plugins: [{ hooks: { drawClear: limitArea, draw: (plot: uPlot) => failMarks(plot, live.current) } }],
      hooks: {
        setSelect: [
          (plot) => {
            if (plot.select.width < 4) return;
            const next = dragged(
              plot.posToVal(plot.select.left, "x"),
              plot.posToVal(plot.select.left + plot.select.width, "x"),
            );
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            if (next) live.current.onSpan(next);
          },
        ],
      },
    }),
    [key, stepped],
  );
  return (
    <Panel
      title={t("line.scores")}
      flush
      aside={
        <span className={style.legend}>
          {names.map((name, i) => (
            <span key={name}>
              <i style={{ background: `var(--series-${i + 1})` }} />
              {scoreName(name)}
            </span>
          ))}
          <span>
            <i className={style.limit} />
            {t("line.limit")}
          </span>
        </span>
      }
    >
      {points.length === 0 || names.length === 0 ? (
        <Empty title={t("line.noScores")}>{t("line.noScoresText")}</Empty>
      ) : (
        <div className={style.chart}>
          <Chart make={make} data={data} height={HEIGHT} label={t("line.scoresLabel", { n: given.length })} />
        </div>
      )}
      {stepped && <p className={style.note}>{t("line.scoresSteps", { n: count(given.length) })}</p>}
    </Panel>
  );
}

/** Round figures on both sides of the limit. */
const steps = (most: number): number[] =>
  [0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000].filter((v) => v <= most);

function limitArea(plot: uPlot): void {
  const { ctx, bbox } = plot;
  const y = plot.valToPos(1, "y", true);
  ctx.save();
  ctx.fillStyle = wash("fail", 0.05);
  ctx.fillRect(bbox.left, bbox.top, bbox.width, Math.max(0, y - bbox.top));
  ctx.strokeStyle = token("fail");
  ctx.lineWidth = 1.25 * devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

type Shown = { points: readonly ScorePoint[]; selected: string | undefined };

/** Fails as triangles at their worst score, and a ring around the selected verdict. */
function failMarks(plot: uPlot, shown: Shown): void {
  const { ctx } = plot;
  ctx.save();
  shown.points.forEach((point, i) => {
    const isSelected = point.id !== "" && point.id === shown.selected;
    const isFail = point.kind === "fail";
    if (point.kind !== "pass") underline(plot, shown.points, i);
    if (!isFail && !isSelected) return;
    const worst = Math.max(...plot.data.slice(1).map((column) => column[i] ?? 0), 0);
    const x = plot.valToPos(plot.data[0][i] ?? 0, "x", true);
    const y = plot.valToPos(worst, "y", true);
    const r = 5.5 * devicePixelRatio;
    if (isFail) {
      ctx.fillStyle = token("fail");
      ctx.beginPath();
      ctx.moveTo(x, y - r);
      ctx.lineTo(x + r, y + r * 0.8);
      ctx.lineTo(x - r, y + r * 0.8);
      ctx.fill();
    }
    if (isSelected) {
      ctx.strokeStyle = token("accent");
      ctx.lineWidth = 2 * devicePixelRatio;
      ctx.beginPath();
      ctx.arc(x, y, r * 1.9, 0, 2 * Math.PI);
      ctx.stroke();
    }
  });
  ctx.restore();
}

/** What was not good, as a band along the bottom: it is seen where triangles lie upon each other. */
function underline(plot: uPlot, points: readonly ScorePoint[], i: number): void {
  const { ctx, bbox } = plot;
  const x = (at: number | undefined) => plot.valToPos(at ?? 0, "x", true);
  const left = x(points[i]?.at);
  const next = points[i + 1]?.at;
  const width = next === undefined ? 0 : x(next) - left;
  const height = 4 * devicePixelRatio;
  ctx.fillStyle = token(points[i]?.kind === "fail" ? "fail" : "unsure-mark");
  ctx.fillRect(left, bbox.top + bbox.height - height, Math.max(2 * devicePixelRatio, width), height);
}

function pick(plot: uPlot, event: MouseEvent, shown: Shown & { onSelect: (id: string) => void }): void {
  const x = event.clientX - plot.rect.left;
  let best: { id: string; distance: number } | undefined;
  shown.points.forEach((point, i) => {
    if (!point.id) return;
    const distance = Math.abs(plot.valToPos(plot.data[0][i] ?? 0, "x") - x);
    if (distance <= NEAR && distance < (best?.distance ?? Infinity)) best = { id: point.id, distance };
  });
  if (best) shown.onSelect(best.id);
}
