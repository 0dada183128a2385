// Latency against its deadline: as one bar, and split by stage.
import { useTranslation } from "react-i18next";
import type { CheckStatus, LatencyStatus, VerdictView } from "@/api/types";
import { micros, percent } from "@/text/format";
import style from "./latency.module.css";

const STAGES = ["queue", "features", "inference", "write"] as const;

/** What counts against the deadline: until the hand-over of the verdict, and the write where there is one. */
export function spread(latency: LatencyStatus, q: "p50" | "p99" | "max"): number {
  return latency.total[q] + (latency.write.n > 0 ? latency.write[q] : 0);
}

/** p50, p99 and the longest on one bar that ends at the deadline, or beyond it. */
export function LatencyBar({ check }: { check: CheckStatus }) {
  const { t } = useTranslation();
  const { latency_us: latency, deadline_us: deadline } = check;
  const [p50, p99, max] = [spread(latency, "p50"), spread(latency, "p99"), spread(latency, "max")];
  const whole = Math.max(deadline, max) || 1;
  const at = (us: number) => `${Math.min(100, (100 * us) / whole)}%`;
  const label = t("latency.bar", { p99: micros(p99), deadline: micros(deadline) });
  return (
    <div className={style.bar} role="img" aria-label={label} title={label}>
      <i className={style.max} style={{ width: at(max) }} />
      <i className={p99 > deadline ? style.over : style.p99} style={{ width: at(p99) }} />
      <i className={style.p50} style={{ width: at(p50) }} />
      {max > deadline && <b style={{ left: at(deadline) }} />}
    </div>
  );
}

/** Where the time goes, of many verdicts. */
export function LatencySplit({ check }: { check: CheckStatus }) {
  const { t } = useTranslation();
  const { latency_us: latency, deadline_us: deadline } = check;
  if (latency.total.n === 0) return <p className="quiet">{t("latency.none")}</p>;
  const rows = [...STAGES.filter((stage) => latency[stage].n > 0), "total" as const];
  return (
    <div className="stack-tight">
      <LatencyBar check={check} />
      <table className={`plain ${style.table}`}>
        <thead>
          <tr>
            <th>{t("latency.stage")}</th>
            {(["p50", "p99", "max"] as const).map((q) => (
              <th key={q} className="number">
                {t(`latency.${q}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((stage) => (
            <tr key={stage} className={stage === "total" ? style.total : ""}>
              <td>{t(`latency.${stage}`)}</td>
              {(["p50", "p99", "max"] as const).map((q) => (
                <td key={q} className="number">
                  {micros(stage === "total" ? spread(latency, q) : latency[stage][q])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="small quiet">
        {t("latency.against", {
          deadline: micros(deadline),
          share: percent(spread(latency, "p99") / deadline, 0),
        })}
      </p>
    </div>
  );
}

/** Where the time went, of one verdict. */
export function LatencyOne({
  verdict,
  deadlineUs,
}: {
  verdict: VerdictView;
  deadlineUs: number | undefined;
}) {
  const { t } = useTranslation();
  const latency = verdict.latency_us;
  const whole = Math.max(deadlineUs ?? 0, latency.total + latency.write, 1);
  return (
    <div className="stack-tight">
      <div className={style.bar} aria-hidden>
        <div className={style.parts}>
          {STAGES.map((stage) => (
            <span
              key={stage}
              className={style[stage]}
              style={{ width: `${(100 * latency[stage]) / whole}%` }}
            />
          ))}
        </div>
      </div>
      <div className={style.legend}>
        {STAGES.filter((stage) => latency[stage] > 0).map((stage) => (
          <span key={stage}>
            <i className={style[stage]} />
            {t(`latency.${stage}`)} <b>{micros(latency[stage])}</b>
          </span>
        ))}
        <span className={style.sum}>
          {t("latency.total")} <b>{micros(latency.total + latency.write)}</b>
          {deadlineUs !== undefined && <> / {micros(deadlineUs)}</>}
        </span>
      </div>
    </div>
  );
}
