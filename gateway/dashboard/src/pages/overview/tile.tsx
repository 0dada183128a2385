// One line: whether it judges, its beat, its figures against their limits.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useAlarms } from "@/api/alarms";
import { keyOf, useRates, useVerdicts } from "@/api/live";
import type { CheckStatus, LineStatus, OutputStatus, Status } from "@/api/types";
import { standingOf } from "@/app/standing";
import { isActive } from "../alarms/words";
import { Beats, Spark } from "@/parts/beats";
import { LatencyBar, spread } from "@/parts/latency";
import { Badge, Mark } from "@/parts/mark";
import { Figure } from "@/parts/panel";
import { count, lasting, micros, percent, rate } from "@/text/format";
import { localTimes } from "@/text/times";
import style from "./tile.module.css";

export function Tile({ line, status }: { line: LineStatus; status: Status }) {
  const { t } = useTranslation();
  const { standing, word, faults } = standingOf(line, status);
  const worst = faults[0];
  return (
    <article
      className={`${style.tile} ${standing === "bad" ? style.bad : standing === "warn" ? style.warn : ""}`}
    >
      <header className={style.head}>
        <Link to="/line/$line" params={{ line: line.id }} className={style.name}>
          <h2>{line.id}</h2>
        </Link>
        <Badge of={standing}>{t(`standing.${word}`)}</Badge>
      </header>
      {worst && (
        <p className={style.why}>
          <b>{worst.place}</b> {localTimes(worst.why)}
        </p>
      )}
      {line.checks.length === 0 && <p className="quiet">{t("overview.noCheck")}</p>}
      {line.checks.map((check) => (
        <Check key={check.id} check={check} />
      ))}
      <Foot line={line} />
    </article>
  );
}

function Check({ check }: { check: CheckStatus }) {
  const { t } = useTranslation();
  const key = keyOf(check);
  const verdicts = useVerdicts(key);
  const rates = useRates(key);
  const [perTime, unit] = rate(check.rate_per_s);
  const { total, fail, inconclusive } = check.verdicts;
  const p99 = spread(check.latency_us, "p99");
  const late = check.latency_us.total.n > 0 && p99 > check.deadline_us;
  const model = check.model ? `${check.model.name} ${check.model.version}` : t("overview.noModel");
  return (
    <div className={style.check}>
      <p className={style.about}>
        <Link to="/line/$line" params={{ line: check.line }} search={{ check: check.id }}>
          {check.id}
        </Link>
        <span>{model}</span>
        {!check.production.on && (
          <span className={style.off}>
            <Mark of="idle" size={9} /> {check.production.why ?? t("standing.idle")}
          </span>
        )}
        {check.last && check.quiet_s > 60 && (
          <span>{t("overview.lastAgo", { time: lasting(check.quiet_s) })}</span>
        )}
      </p>
      <Beats verdicts={verdicts} />
      <div className={style.figures}>
        <div>
          <Figure name={t("overview.rate")} value={perTime} unit={t(`unit.${unit}`)} />
          <Spark values={rates} label={t("overview.rateCourse")} />
        </div>
        <Figure
          name={t("overview.fails")}
          value={count(fail)}
          unit={total > 0 ? percent(fail / total) : undefined}
          tone={fail > 0 ? "fail" : undefined}
          more={t("overview.ofVerdicts", { n: count(total) })}
        />
        <Figure
          name={t("overview.unsure")}
          value={count(inconclusive)}
          unit={total > 0 && inconclusive > 0 ? percent(inconclusive / total) : undefined}
          tone={inconclusive > 0 ? "unsure" : undefined}
          more={topReason(check)}
        />
        <div>
          <Figure
            name={t("overview.p99")}
            value={check.latency_us.total.n ? micros(p99) : "–"}
            tone={late ? "fail" : undefined}
          />
          <div className={style.bar}>
            <LatencyBar check={check} />
          </div>
          <div className={style.more}>{t("overview.deadline", { time: micros(check.deadline_us) })}</div>
        </div>
      </div>
    </div>
  );
}

function topReason(check: CheckStatus): string | undefined {
  const top = Object.entries(check.verdicts.reasons).sort((a, b) => b[1] - a[1])[0];
  return top?.[0].replaceAll("_", " ");
}

function Foot({ line }: { line: LineStatus }) {
  const { t } = useTranslation();
  const alarms = useAlarms().data?.alarms.filter(
    (one) => one.place.startsWith(line.id) && isActive(one),
  ).length;
  return (
    <footer className={style.foot}>
      <span className={line.books.close ? style.fact : style.factBad}>
        <Mark of={line.books.close ? "ok" : "bad"} size={10} />{" "}
        {t(line.books.close ? "overview.booksClose" : "overview.booksOpen", {
          n: count(line.books.received),
        })}
      </span>
      {alarms !== undefined && (
        <span className={style.fact}>
          <Mark of={alarms ? "warn" : "ok"} size={10} /> {t("overview.alarms", { count: alarms })}
        </span>
      )}
      {line.checks.flatMap((check) =>
        check.outputs.map((output) => <OutputFact key={`${check.id}/${output.id}`} output={output} />),
      )}
    </footer>
  );
}

function OutputFact({ output }: { output: OutputStatus }) {
  const { t } = useTranslation();
  return (
    <span className={style.fact} title={output.target}>
      <Mark of={output.armed ? "ok" : "unknown"} size={10} /> {output.id}:{" "}
      {t(output.armed ? "output.armed" : "output.dryRun")}
    </span>
  );
}
