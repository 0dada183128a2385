// The parts of a check: newest first, filtered by verdict and part, each with its reason and a way to why.
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useDebouncedValue } from "@mantine/hooks";
import { Search } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { kindOf } from "@/api/live";
import type { CheckStatus, VerdictView } from "@/api/types";
import type { LineSearch } from "@/app/routes";
import { Contributions } from "@/parts/contributions";
import { VerdictWord } from "@/parts/mark";
import { Answer, Empty, Panel } from "@/parts/panel";
import { worstScore } from "@/parts/scores";
import { idOf } from "@/parts/verdict-id";
import { micros, moment } from "@/text/format";
import style from "./parts.module.css";
import { iso, type Span } from "./span";

const PAGE = 30;
/** A live table is read again at most so often. */
const BEAT_MS = 2_000;

type Props = { check: CheckStatus; search: LineSearch; span: Span; go: (next: Partial<LineSearch>) => void };

export function Parts({ check, search, span, go }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(search.part ?? "");
  const [part] = useDebouncedValue(typed.trim(), 250);
  // A part that is looked for by number is looked for in all of history.
  const bounds = span.live || part ? {} : { from: iso(span.from), to: iso(span.to) };
  const rows = useInfiniteQuery({
    queryKey: ["verdicts", "table", check.line, check.id, search.verdict, part, bounds.from, bounds.to],
    queryFn: ({ pageParam, signal }) =>
      data(
        api.GET("/api/v1/verdicts", {
          params: {
            query: {
              line: check.line,
              check: check.id,
              verdict: search.verdict,
              part: part || undefined,
              ...bounds,
              limit: PAGE,
              cursor: pageParam,
            },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    // Only the first page moves; whoever scrolled back wants to read.
    refetchInterval: (query) => (span.live && (query.state.data?.pages.length ?? 0) <= 1 ? BEAT_MS : false),
    placeholderData: keepPreviousData,
  });
  const all = rows.data?.pages.flatMap((page) => page.verdicts);
  return (
    <Panel
      title={t("parts.title")}
      flush
      aside={
        <>
          <TextInput
            aria-label={t("parts.find")}
            placeholder={t("parts.find")}
            leftSection={<Search size={15} />}
            value={typed}
            className={style.find}
            onChange={(event) => {
              setTyped(event.currentTarget.value);
              go({ part: event.currentTarget.value.trim() || undefined });
            }}
          />
          <SegmentedControl
            aria-label={t("parts.filter")}
            value={search.verdict ?? "all"}
            onChange={(next) => go({ verdict: next === "all" ? undefined : next })}
            data={(["all", "fail", "inconclusive", "pass"] as const).map((value) => ({
              value,
              label: value === "all" ? t("parts.all") : t(`verdict.${value}`),
            }))}
          />
        </>
      }
    >
      <Answer of={{ ...rows, data: all }} rows={6}>
        {(verdicts) =>
          verdicts.length === 0 ? (
            <Empty title={t(part ? "parts.noSuch" : "parts.none")}>
              {t(part ? "parts.noSuchText" : "parts.noneText")}
            </Empty>
          ) : (
            <Table verdicts={verdicts} selected={search.at} select={(id) => go({ at: id })} />
          )
        }
      </Answer>
      {rows.hasNextPage && (
        <div className={style.more}>
          <Button
            variant="default"
            loading={rows.isFetchingNextPage}
            onClick={() => void rows.fetchNextPage()}
          >
            {t("parts.more")}
          </Button>
        </div>
      )}
    </Panel>
  );
}

function Table({
  verdicts,
  selected,
  select,
}: {
  verdicts: readonly VerdictView[];
  selected: string | undefined;
  select: (id: string) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="scroll-x">
      <table className={`plain ${style.table}`}>
        <thead>
          <tr>
            <th>{t("parts.verdict")}</th>
            <th>{t("parts.part")}</th>
            <th>{t("parts.time")}</th>
            <th className="number">{t("parts.score")}</th>
            <th>{t("parts.because")}</th>
            <th className="number">{t("parts.latency")}</th>
            <th>
              <span className="hidden-text">{t("parts.open")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {verdicts.map((verdict) => {
            const id = idOf(verdict);
            const kind = kindOf(verdict.verdict);
            return (
              <tr key={id} className={id === selected ? style.selected : ""} onClick={() => select(id)}>
                <td>
                  <VerdictWord of={kind} />
                </td>
                <td className={style.part}>
                  {verdict.part == null ? (
                    <span className="quiet">#{verdict.seq}</span>
                  ) : (
                    String(verdict.part)
                  )}
                </td>
                <td className="nowrap soft">
                  <time dateTime={verdict.at}>{moment(verdict.at)}</time>
                </td>
                <td className={`number nowrap ${kind === "fail" ? style.hot : "soft"}`}>
                  {worstScore(verdict)}
                </td>
                <td className={style.because}>
                  {kind === "pass" ? (
                    ""
                  ) : kind === "fail" ? (
                    <Contributions of={verdict} n={1} />
                  ) : (
                    verdict.reason?.replaceAll("_", " ")
                  )}
                </td>
                <td className="number nowrap soft">
                  {micros(verdict.latency_us.total + verdict.latency_us.write)}
                </td>
                <td className={style.open}>
                  <Link
                    to="/line/$line/$check/$id"
                    params={{ line: verdict.line, check: verdict.check, id }}
                    onClick={(event) => event.stopPropagation()}
                    aria-label={t("parts.openPart", { part: String(verdict.part ?? verdict.seq) })}
                  >
                    {t(kind === "fail" ? "parts.why" : "parts.details")}
                  </Link>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
