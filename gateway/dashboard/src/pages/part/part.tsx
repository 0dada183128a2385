// Why a part failed: by how much, which tags, its raw window against good parts, what the PLC was told.
import { Button, CopyButton, Skeleton } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, Link2, Printer } from "lucide-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { VerdictDetail } from "@/api/types";
import { kindOf, useLine } from "@/api/live";
import type { VerdictView } from "@/api/types";
import { Contributions } from "@/parts/contributions";
import { LatencyOne } from "@/parts/latency";
import { Mark } from "@/parts/mark";
import { Pair, Pairs, Panel, Trouble } from "@/parts/panel";
import { scoreName, Scores } from "@/parts/scores";
import { idOf } from "@/parts/verdict-id";
import { clockMs, count, figure, percent, stamp } from "@/text/format";
import { Feedback } from "./feedback";
import style from "./part.module.css";
import { useNeighbours, usePart, useWindow } from "./source";
import { WindowCharts } from "./window";
import { Writes } from "./writes";

const route = getRouteApi("/line/$line/$check/$id");

export default function PartPage() {
  const place = route.useParams();
  const part = usePart(place);
  const window = useWindow(place);
  if (part.error) return <Trouble of={part.error} again={() => void part.refetch()} />;
  if (!part.data) return <Skeleton height={420} radius={10} />;
  const { verdict } = part.data;
  return (
    <article className={style.page}>
      <Head detail={part.data} />
      <div className={style.grid}>
        <div className="stack">
          <WindowCharts verdict={verdict} of={window} />
        </div>
        <div className="stack">
          <HowMuch verdict={verdict} />
          <Writes detail={part.data} />
          <Made detail={part.data} />
          <Feedback place={place} detail={part.data} />
        </div>
      </div>
    </article>
  );
}

function Head({ detail }: { detail: VerdictDetail }) {
  const { t } = useTranslation();
  const { verdict } = detail;
  const neighbours = useNeighbours(verdict).data;
  const kind = kindOf(verdict.verdict);
  const at = Date.parse(verdict.at);
  const name =
    verdict.part == null
      ? t("part.numbered", { seq: count(verdict.seq) })
      : t("part.name", { part: String(verdict.part) });
  return (
    <header className={`${style.head} ${style[kind]}`}>
      <div className={style.crumb}>
        <Link to="/">{t("nav.overview")}</Link> /{" "}
        <Link to="/line/$line" params={{ line: verdict.line }} search={{ check: verdict.check }}>
          {verdict.line}
        </Link>{" "}
        / {verdict.check}
      </div>
      <div className={style.title}>
        <Mark of={kind} size={30} />
        <h1>{t(`part.${kind}`, { name })}</h1>
      </div>
      <p className={style.lead}>{lead(verdict, t)}</p>
      <p className={style.when}>
        <time dateTime={verdict.at}>{stamp(at)}</time>
      </p>
      <div className={`${style.acts} no-print`}>
        <Step
          to={neighbours?.previous}
          verdict={verdict}
          icon={<ChevronLeft size={16} />}
          text={t("part.previousFail")}
        />
        <Step
          to={neighbours?.next}
          verdict={verdict}
          icon={<ChevronRight size={16} />}
          text={t("part.nextFail")}
          right
        />
        <Button
          variant="default"
          component={Link}
          {...({
            to: "/line/$line",
            params: { line: verdict.line },
            search: {
              check: verdict.check,
              from: Date.parse(verdict.window.from) - 5_000,
              to: Date.parse(verdict.window.to) + 5_000,
              at: idOf(verdict),
            },
          } as object)}
        >
          {t("part.inCourse")}
        </Button>
        <CopyButton value={location.href}>
          {({ copied, copy }) => (
            <Button variant="default" leftSection={<Link2 size={16} />} onClick={copy}>
              {t(copied ? "part.copied" : "part.copy")}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" leftSection={<Printer size={16} />} onClick={() => print()}>
          {t("part.print")}
        </Button>
      </div>
    </header>
  );
}

function Step({
  to,
  verdict,
  icon,
  text,
  right,
}: {
  to: { epoch: number; seq: number } | null | undefined;
  verdict: VerdictView;
  icon: React.ReactNode;
  text: string;
  right?: boolean;
}) {
  if (!to) return null;
  const side = right ? { rightSection: icon } : { leftSection: icon };
  return (
    <Button
      variant="default"
      {...side}
      component={Link}
      {...({
        to: "/line/$line/$check/$id",
        params: { line: verdict.line, check: verdict.check, id: idOf(to) },
      } as object)}
    >
      {text}
    </Button>
  );
}

/** The reason in one sentence: the worst score, and the tag that made most of it. */
export function lead(verdict: VerdictView, t: TFunction): string {
  if (verdict.verdict === "inconclusive")
    return t("part.leadInconclusive", { reason: verdict.reason?.replaceAll("_", " ") ?? "" });
  const over = Object.entries(verdict.scores)
    .map(([name, { value, limit }]) => ({ name, ratio: value != null && limit ? value / limit : 0 }))
    .sort((a, b) => b.ratio - a.ratio)[0];
  if (!over) return verdict.reason?.replaceAll("_", " ") ?? "";
  if (verdict.verdict === "pass")
    return t("part.leadPass", { score: scoreName(over.name), share: percent(over.ratio, 0) });
  const top = [...verdict.contributions].sort((a, b) => (b.share ?? 0) - (a.share ?? 0))[0];
  const first = t("part.leadFail", { score: scoreName(over.name), ratio: figure(over.ratio, 3) });
  return top ? `${first} ${t("part.leadTag", { tag: top.tag, share: percent(top.share, 0) })}` : first;
}

function HowMuch({ verdict }: { verdict: VerdictView }) {
  const { t } = useTranslation();
  return (
    <Panel title={t("part.howMuch")}>
      <div className="stack">
        <Scores of={verdict} />
        <div>
          <h3 className={style.sub}>{t("selected.contributions")}</h3>
          <Contributions of={verdict} tall n={10} />
        </div>
      </div>
    </Panel>
  );
}

function Made({ detail }: { detail: VerdictDetail }) {
  const { t } = useTranslation();
  const { verdict } = detail;
  const check = useLine(verdict.line)?.checks.find((one) => one.id === verdict.check);
  return (
    <Panel title={t("part.made")}>
      <div className="stack">
        <Pairs>
          <Pair name={t("part.model")}>
            {verdict.model ? (
              <>
                {verdict.model.name} {verdict.model.version}{" "}
                <code className="quiet" title={verdict.model.digest}>
                  {verdict.model.digest.slice(0, 12)}
                </code>
              </>
            ) : (
              t("overview.noModel")
            )}
          </Pair>
          <Pair name={t("part.window")}>
            {clockMs(verdict.window.from)} – {clockMs(verdict.window.to)}
            <div className="small quiet">{t("part.frames", { n: count(verdict.window.n) })}</div>
          </Pair>
          <Pair name={t("part.by")}>{verdict.executed_by}</Pair>
          <Pair name={t("part.number")}>
            {t("part.epochSeq", { epoch: verdict.epoch, seq: count(verdict.seq) })}
          </Pair>
        </Pairs>
        <LatencyOne verdict={verdict} deadlineUs={check?.deadline_us} />
      </div>
    </Panel>
  );
}
