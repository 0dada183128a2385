// One line: its tags and scores over time, its parts, its outputs; live or any past span.
import { SegmentedControl, Skeleton, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { followLine, keyOf, useLine, useStatus } from "@/api/live";
import type { CheckStatus, LineStatus } from "@/api/types";
import type { LineSearch } from "@/app/routes";
import { standingOf } from "@/app/standing";
import { Books, BooksWord } from "@/parts/books";
import { LatencySplit } from "@/parts/latency";
import { Badge } from "@/parts/mark";
import { Empty, PageHead, Panel, Trouble } from "@/parts/panel";
import { Problem } from "@/api/problem";
import { localTimes } from "@/text/times";
import { isOf } from "@/parts/verdict-id";
import { usePart } from "../part/source";
import { useSpan } from "./span";
import style from "./line.module.css";
import { ModelsPanel } from "./models-panel";
import { Outputs } from "./outputs";
import { Parts } from "./parts";
import { ScoreChart } from "./score-chart";
import { Selected } from "./selected";
import { ofSteps, ofVerdicts, useSteps } from "./score-points";
import { SpanBar } from "./span-bar";
import { TagTable } from "./tag-table";
import { Trends } from "./trends";
import { useSpanVerdicts } from "./verdicts";

const route = getRouteApi("/line/$line");

export default function LinePage() {
  const { t } = useTranslation();
  const { line: id } = route.useParams();
  const status = useStatus();
  const line = useLine(id);
  useEffect(() => {
    followLine(id);
    return () => followLine(undefined);
  }, [id]);
  if (!status) return <Skeleton height={420} radius={10} />;
  if (!line) return <Trouble of={new Problem(404, t("line.gone", { line: id }), t("line.goneHint"))} />;
  return <Found key={id} line={line} />;
}

function Found({ line }: { line: LineStatus }) {
  const { t } = useTranslation();
  const status = useStatus();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const check = line.checks.find((one) => one.id === search.check) ?? line.checks[0];
  const go = (next: Partial<LineSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...next }), replace: true, resetScroll: false });
  const standing = status && standingOf(line, status);
  const tab = search.tab ?? "trends";
  return (
    <>
      <PageHead
        title={line.id}
        crumb={
          <>
            <Link to="/">{t("nav.overview")}</Link> / {t("line.crumb")}
          </>
        }
      >
        {standing && <Badge of={standing.standing}>{t(`standing.${standing.word}`)}</Badge>}
        {line.checks.length > 1 && (
          <SegmentedControl
            aria-label={t("line.check")}
            value={check?.id ?? ""}
            onChange={(next) => go({ check: next, at: undefined })}
            data={line.checks.map((one) => one.id)}
          />
        )}
      </PageHead>
      {standing?.faults.map((fault) => (
        <p key={fault.place + fault.why} className={fault.severity === "not_ready" ? style.bad : style.warn}>
          <b>{fault.place}</b> {localTimes(fault.why)}
        </p>
      ))}
      <Tabs
        value={tab}
        onChange={(next) => go({ tab: next === "trends" || !next ? undefined : next })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="trends">{t("line.tabTrends")}</Tabs.Tab>
          <Tabs.Tab value="tags">{t("line.tabTags", { n: line.n_tags })}</Tabs.Tab>
          <Tabs.Tab value="health">{t("line.tabHealth")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="trends">
          {check ? (
            <Course line={line} check={check} search={search} go={go} />
          ) : (
            <Panel>
              <Empty title={t("line.noCheck")}>{t("line.noCheckText")}</Empty>
            </Panel>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="tags">
          <TagTable line={line.id} />
        </Tabs.Panel>
        <Tabs.Panel value="health">{check && <Health check={check} />}</Tabs.Panel>
      </Tabs>
    </>
  );
}

type Go = (next: Partial<LineSearch>) => void;

function Course({
  line,
  check,
  search,
  go,
}: {
  line: LineStatus;
  check: CheckStatus;
  search: LineSearch;
  go: Go;
}) {
  const span = useSpan(search);
  const tags = useQuery({
    queryKey: ["tags", line.id],
    queryFn: () => data(api.GET("/api/v1/tags", { params: { query: { line: line.id } } })),
    refetchInterval: span.live ? 1_000 : false,
  });
  const { verdicts, more } = useSpanVerdicts(check, span);
  const steps = useSteps(check, span, more);
  const points = useMemo(
    () => (steps ? ofSteps(steps) : ofVerdicts([...verdicts].reverse())),
    [steps, verdicts],
  );
  const listed = verdicts.find((one) => isOf(one, search.at ?? ""));
  // A step of a long span names a verdict that the list may not reach.
  const other = usePart({ line: check.line, check: check.id, id: search.at ?? "" }, !listed);
  const selected = listed ?? (search.at ? other.data?.verdict : undefined);
  const toSpan = (next: { from: number; to: number }) => go({ ...next, back: undefined });
  const select = (id: string) => go({ at: id });
  return (
    <div className={style.course}>
      <div className={style.bar}>
        <SpanBar span={span} back={search.back} go={go} />
      </div>
      <div className={`stack ${style.main}`}>
        <Trends
          line={line.id}
          span={span}
          tags={tags.data?.tags ?? []}
          inputs={check.inputs}
          verdicts={verdicts}
          selected={search.at}
          onSpan={toSpan}
        />
        <ScoreChart
          key={keyOf(check)}
          points={points}
          span={span}
          selected={search.at}
          onSelect={select}
          onSpan={toSpan}
          stepped={steps !== undefined}
        />
      </div>
      <div className={style.parts}>
        <Parts check={check} search={search} span={span} go={go} />
      </div>
      <div className={`stack ${style.side}`}>
        <Selected
          verdict={selected ?? (span.live ? (check.last ?? undefined) : undefined)}
          isLast={!selected}
          check={check}
          clear={() => go({ at: undefined })}
        />
        <Outputs check={check} />
        <ModelsPanel check={check} />
      </div>
    </div>
  );
}

function Health({ check }: { check: CheckStatus }) {
  const { t } = useTranslation();
  return (
    <div className={style.health}>
      <Panel title={t("line.latency")}>
        <LatencySplit check={check} />
      </Panel>
      <Panel title={t("line.books")} aside={<BooksWord books={check.books} />}>
        <Books books={check.books} />
        <p className="small quiet" style={{ marginTop: 12 }}>
          {t("books.about")}
        </p>
      </Panel>
      <Outputs check={check} />
      <ModelsPanel check={check} />
    </div>
  );
}
