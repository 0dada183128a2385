// The raw window of a verdict, tag by tag, against the envelope of good parts; the loudest tag first.
import { useCallback, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import type { VerdictWindow, WindowTag } from "@/api/types";
import type { VerdictView } from "@/api/types";
import { Chart, token, valueAxis, wash } from "@/parts/chart";
import { Answer, Empty, Panel } from "@/parts/panel";
import { figure, millis, percent } from "@/text/format";
import { padded } from "../line/trends";
import { joined, outside, samplesOf } from "./envelope";
import style from "./window.module.css";

const HEIGHT = 168;

type Props = {
  verdict: VerdictView;
  of: { data: VerdictWindow | undefined; error: unknown; isPending: boolean; refetch: () => unknown };
};

export function WindowCharts({ verdict, of }: Props) {
  const { t } = useTranslation();
  const hasEnvelope = of.data?.tags.some((tag) => tag.envelope.length > 0) ?? false;
  return (
    <Panel
      title={t("window.title")}
      flush
      aside={
        <span className={style.legend}>
          <span>
            <i className={style.own} />
            {t("window.own")}
          </span>
          {hasEnvelope && (
            <>
              <span>
                <i className={style.band} />
                {t("window.band")}
              </span>
              <span>
                <i className={style.middle} />
                {t("window.middle")}
              </span>
            </>
          )}
        </span>
      }
    >
      <Answer of={of} rows={8}>
        {(window) =>
          window.tags.length === 0 ? (
            <Empty title={t("window.none")}>{t("window.noneText")}</Empty>
          ) : (
            <>
              {sorted(window, verdict).map(({ tag, share }) => (
                <TagWindow key={tag.tag} tag={tag} share={share} closing={window.to} />
              ))}
              <p className={style.note}>
                {hasEnvelope ? t("window.about", { n: window.n_good }) : t("window.noEnvelope")}
              </p>
            </>
          )
        }
      </Answer>
    </Panel>
  );
}

/** A feature's name begins with its tag, so its share counts for that tag. */
function sorted(
  window: VerdictWindow,
  verdict: VerdictView,
): { tag: WindowTag; share: number | undefined }[] {
  const shareOf = (tag: WindowTag): number | undefined => {
    const own = verdict.contributions.filter(
      (one) => one.tag === tag.tag || one.tag.startsWith(`${tag.tag}.`),
    );
    return own.length ? own.reduce((sum, one) => sum + (one.share ?? 0), 0) : undefined;
  };
  return window.tags
    .map((tag) => ({ tag, share: shareOf(tag) }))
    .sort((a, b) => (b.share ?? 0) - (a.share ?? 0));
}

function TagWindow({ tag, share, closing }: { tag: WindowTag; share: number | undefined; closing: string }) {
  const { t } = useTranslation();
  const samples = useMemo(() => samplesOf(tag, closing), [tag, closing]);
  const columns = useMemo(() => joined(samples, tag.envelope), [samples, tag]);
  const worst = useMemo(() => outside(samples, tag.envelope), [samples, tag]);
  const bounds = useRef<[number, number]>([0, 1]);
  const times = columns[0];
  bounds.current = [times[0] ?? 0, times[times.length - 1] ?? 1]; // eslint-disable-line react-hooks/refs
  const make = useCallback(
    (width: number, height: number): uPlot.Options => ({
      width,
      height,
      legend: { show: false },
      padding: [10, 12, 0, 0],
      cursor: { sync: { key: "window" }, y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: false, range: () => bounds.current },
        y: { range: (_, low, high) => padded(low, high) },
      },
      axes: [
        {
          ...valueAxis(26, (_, splits) => splits.map((ms) => (ms === 0 ? "0" : `${figure(ms, 3)} ms`))),
          side: 2,
          space: 70,
        },
        valueAxis(62, (_, splits) => splits.map((value) => figure(value, 3))),
      ],
      series: [
        {},
        { stroke: "transparent", points: { show: false }, spanGaps: true },
        { stroke: "transparent", points: { show: false }, spanGaps: true },
        { stroke: token("pass"), width: 1.2, dash: [4, 4], points: { show: false }, spanGaps: true },
        { stroke: token(worst ? "fail" : "accent"), width: 1.8, points: { show: false }, spanGaps: true },
      ],
      bands: [{ series: [1, 2], fill: wash("pass", 0.2) }],
    }),
    [worst],
  );
  return (
    <section className={style.tag}>
      <header className={style.head}>
        <h3>{tag.tag}</h3>
        {tag.unit && <span className="quiet small">{tag.unit}</span>}
        {share !== undefined && share >= 0.01 && (
          <span className={style.share}>{t("window.share", { share: percent(share, 0) })}</span>
        )}
        <span className={worst ? style.out : style.in}>
          {worst
            ? t(worst.by > 0 ? "window.above" : "window.below", {
                by: `${figure(Math.abs(worst.by), 3)} ${tag.unit}`.trim(),
                at: millis(Math.abs(worst.ms)),
              })
            : tag.envelope.length
              ? t("window.inside")
              : ""}
        </span>
      </header>
      <Chart make={make} data={columns} height={HEIGHT} label={t("window.label", { tag: tag.tag })} />
    </section>
  );
}
