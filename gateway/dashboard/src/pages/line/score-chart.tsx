// Scores over time as multiples of their limits: the limit is always the line at 1, whatever the model.
import { useCallback, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import { kindOf } from "@/api/live";
import type { VerdictView } from "@/api/types";
import { Chart, timeAxis, token, valueAxis, wash } from "@/parts/chart";
import { Empty, Panel } from "@/parts/panel";
import { scoreName } from "@/parts/scores";
import { idOf } from "@/parts/verdict-id";
import { figure } from "@/text/format";
import { dragged, type Span } from "./span";
import style from "./score-chart.module.css";

const HEIGHT = 190;
/** How near a click must be to a verdict, in pixels. */
const NEAR = 24;

type Props = {
  verdicts: readonly VerdictView[];
  span: Span;
  selected: string | undefined;
  onSelect: (id: string) => void;
  onSpan: (span: { from: number; to: number }) => void;
  more: boolean;
};

/** The names of all scores, and each verdict's ratio to the limit, oldest first. */
export function ratios(verdicts: readonly VerdictView[]): { names: string[]; columns: uPlot.AlignedData } {
  const names = [...new Set(verdicts.flatMap((one) => Object.keys(one.scores)))].sort();
  const times = verdicts.map((one) => Date.parse(one.at) / 1_000);
  const rows = names.map((name) =>
    verdicts.map((one) => {
      const score = one.scores[name];
      return score?.value == null || !score.limit ? null : score.value / score.limit;
    }),
  );
  return { names, columns: [times, ...rows] };
}

export function ScoreChart({ verdicts, span, selected, onSelect, onSpan, more }: Props) {
  const { t } = useTranslation();
  const { names, columns } = useMemo(() => ratios(verdicts), [verdicts]);
  const live = useRef({ verdicts, span, selected, onSelect, onSpan });
  live.current = { verdicts, span, selected, onSelect, onSpan }; // eslint-disable-line react-hooks/refs
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
        ...key.split(",").map((_, i): uPlot.Series => ({
          stroke: wash(`series-${i + 1}`, 0.55),
          width: 1.2,
          points: { show: true, size: 5, fill: token(`series-${i + 1}`), stroke: "transparent" },
        })),
      ],
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
    [key],
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
      {verdicts.length === 0 || names.length === 0 ? (
        <Empty title={t("line.noScores")}>{t("line.noScoresText")}</Empty>
      ) : (
        <div className={style.chart}>
          <Chart
            make={make}
            data={columns}
            height={HEIGHT}
            label={t("line.scoresLabel", { n: verdicts.length })}
          />
        </div>
      )}
      {more && <p className={style.note}>{t("line.scoresNewest", { n: verdicts.length })}</p>}
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

type Shown = { verdicts: readonly VerdictView[]; selected: string | undefined };

/** Fails as triangles at their worst score, and a ring around the selected verdict. */
function failMarks(plot: uPlot, shown: Shown): void {
  const { ctx } = plot;
  ctx.save();
  shown.verdicts.forEach((verdict, i) => {
    const isSelected = idOf(verdict) === shown.selected;
    const isFail = kindOf(verdict.verdict) === "fail";
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

function pick(plot: uPlot, event: MouseEvent, shown: Shown & { onSelect: (id: string) => void }): void {
  const x = event.clientX - plot.rect.left;
  let best: { id: string; distance: number } | undefined;
  shown.verdicts.forEach((verdict, i) => {
    const distance = Math.abs(plot.valToPos(plot.data[0][i] ?? 0, "x") - x);
    if (distance <= NEAR && distance < (best?.distance ?? Infinity)) best = { id: idOf(verdict), distance };
  });
  if (best) shown.onSelect(best.id);
}
