// The tags of a line over time, one strip each on a common clock, with the verdicts behind them.
import { MultiSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import uPlot from "uplot";
import { api, data } from "@/api/client";
import type { TagHistory, TagStatus, VerdictView } from "@/api/types";
import { Chart, timeAxis, token, valueAxis, wash } from "@/parts/chart";
import { Empty, Panel, Trouble } from "@/parts/panel";
import { figure } from "@/text/format";
import { type Bands, bandsPlugin } from "./bands";
import { dragged, iso, type Span } from "./span";
import style from "./trends.module.css";

const STRIP = 74;
const STRIP_LAST = 96;
/** As many as one history may ask for. */
const TAGS_MAX = 20;
const TAGS_FIRST = 6;

type Props = {
  line: string;
  span: Span;
  tags: readonly TagStatus[];
  inputs: readonly string[];
  verdicts: readonly VerdictView[];
  selected: string | undefined;
  onSpan: (span: { from: number; to: number }) => void;
};

export function Trends(props: Props) {
  const { t } = useTranslation();
  const { line, span, tags, inputs } = props;
  const numeric = tags
    .filter((tag) => typeof tag.value !== "string" && typeof tag.value !== "boolean")
    .map((tag) => tag.id);
  const [asked, setAsked] = useState<string[]>();
  const shown =
    asked ??
    [...inputs.filter((id) => numeric.includes(id)), ...numeric.filter((id) => !inputs.includes(id))].slice(
      0,
      Math.max(TAGS_FIRST, Math.min(inputs.length, 8)),
    );
  // A live span moves with every beat; between two answers the old one stays.
  const history = useQuery({
    queryKey: ["history", line, shown.join(), span.from, span.to],
    queryFn: ({ signal }) =>
      data(
        api.GET("/api/v1/history", {
          params: {
            query: { line, tags: shown.join(), from: iso(span.from), to: iso(span.to), points: 700 },
          },
          signal,
        }),
      ),
    enabled: shown.length > 0,
    placeholderData: (old) => old,
    staleTime: span.live ? 0 : Infinity,
    gcTime: span.live ? 2_000 : 300_000,
  });
  const byTag = useMemo(() => new Map(history.data?.tags.map((one) => [one.tag, one])), [history.data]);
  const nSamples = history.data?.tags.reduce((sum, one) => sum + one.n, 0) ?? 0;

  return (
    <Panel
      title={t("line.trends")}
      flush
      aside={
        <MultiSelect
          aria-label={t("line.whichTags")}
          placeholder={shown.length ? "" : t("line.whichTags")}
          data={tags.map((tag) => tag.id)}
          value={shown}
          onChange={(next) => setAsked(next.slice(0, TAGS_MAX))}
          maxDropdownHeight={320}
          searchable
          size="xs"
          className={style.choice}
          hidePickedOptions
        />
      }
    >
      {history.error && (
        <div className={style.pad}>
          <Trouble of={history.error} again={() => void history.refetch()} />
        </div>
      )}
      {shown.length === 0 && <Empty title={t("line.noTags")}>{t("line.noTagsText")}</Empty>}
      {history.data && nSamples === 0 && !span.live && <p className={style.none}>{t("line.noSamples")}</p>}
      <div className={style.strips}>
        {shown.map((id, i) => (
          <Strip
            key={id}
            {...props}
            tag={tags.find((one) => one.id === id)}
            id={id}
            history={byTag.get(id)}
            last={i === shown.length - 1}
            marks={i === 0}
            index={i}
          />
        ))}
      </div>
    </Panel>
  );
}

/** Points as uPlot wants them: times, means, and the band from minimum to maximum. */
export function columns(history: TagHistory | undefined): uPlot.AlignedData {
  const points = history?.points ?? [];
  return [
    points.map((point) => Date.parse(point.at) / 1_000),
    points.map((point) => point.max ?? null),
    points.map((point) => point.min ?? null),
    points.map((point) => point.mean ?? null),
  ];
}

type StripProps = Props & {
  id: string;
  tag: TagStatus | undefined;
  history: TagHistory | undefined;
  last: boolean;
  marks: boolean;
  index: number;
};

function Strip(props: StripProps) {
  const { t } = useTranslation();
  const { id, tag, history, last, marks, span, index } = props;
  const live = useRef<{ bands: Bands; span: Span; onSpan: Props["onSpan"] }>(undefined);
  live.current = { bands: props, span, onSpan: props.onSpan }; // eslint-disable-line react-hooks/refs
  const [at, setAt] = useState<number | null>(null);
  const shown = useMemo(() => columns(history), [history]);
  const make = useCallback(
    (width: number, height: number): uPlot.Options => {
      const colour = `series-${(index % 8) + 1}`;
      return {
        width,
        height,
        legend: { show: false },
        padding: [8, 10, last ? 0 : 4, 0],
        cursor: {
          sync: { key: "line" },
          drag: { x: true, y: false, setScale: false },
          points: { size: 6 },
          y: false,
        },
        scales: {
          x: {
            time: true,
            range: () => [(live.current?.span.from ?? 0) / 1_000, (live.current?.span.to ?? 1) / 1_000],
          },
          y: { range: (_, low, high) => padded(low, high) },
        },
        axes: [timeAxis(last), valueAxis(58, (_, splits) => splits.map((value) => figure(value, 3)))],
        series: [
          {},
          { stroke: "transparent", points: { show: false } },
          { stroke: "transparent", points: { show: false } },
          { stroke: token(colour), width: 1.4, points: { show: false }, spanGaps: false },
        ],
        bands: [{ series: [1, 2], fill: wash(colour, 0.22) }],
        plugins: [bandsPlugin(() => live.current?.bands ?? { verdicts: [], selected: undefined }, marks)],
        hooks: {
          setCursor: [(plot) => setAt(plot.cursor.idx ?? null)],
          setSelect: [
            (plot) => {
              const { left, width: wide } = plot.select;
              if (wide < 4) return;
              const next = dragged(plot.posToVal(left, "x"), plot.posToVal(left + wide, "x"));
              plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              if (next) live.current?.onSpan(next);
            },
          ],
        },
      };
    },
    [last, marks, index],
  );
  const under = at === null ? undefined : (shown[3] as (number | null)[])[at];
  const now = typeof tag?.value === "number" ? tag.value : undefined;
  return (
    <div className={style.strip}>
      <div className={style.head}>
        <span className={style.dot} style={{ background: `var(--series-${(index % 8) + 1})` }} aria-hidden />
        <span className={style.name} title={id}>
          {id}
        </span>
        <span className={style.now}>
          {figure(under ?? (span.live ? now : undefined))}
          {tag?.unit && <small> {tag.unit}</small>}
        </span>
        {history && history.n_bad > 0 && (
          <span className={style.bad}>{t("line.bad", { count: history.n_bad })}</span>
        )}
        {tag && tag.quality === "bad" && span.live && (
          <span className={style.bad} title={tag.why ?? ""}>
            {tag.why ?? t("quality.bad")}
          </span>
        )}
      </div>
      <div className={style.chart}>
        <Chart
          make={make}
          data={shown}
          height={last ? STRIP_LAST : STRIP}
          label={t("line.trendOf", { tag: id })}
        />
      </div>
    </div>
  );
}

/** A little room above and below; a constant value lies in the middle. */
export function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const size = high - low || Math.abs(high) * 0.1 || 1;
  return [low - size * 0.1, high + size * 0.1];
}
