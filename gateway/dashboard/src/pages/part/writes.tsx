// What the PLC was told because of this verdict, and when.
import { useTranslation } from "react-i18next";
import type { VerdictDetail } from "@/api/contract";
import { Badge } from "@/parts/mark";
import { Empty, Panel } from "@/parts/panel";
import { clockMs, micros } from "@/text/format";
import { outcomeKey } from "../line/outputs";
import style from "./writes.module.css";

export function Writes({ detail }: { detail: VerdictDetail }) {
  const { t } = useTranslation();
  return (
    <Panel title={t("writes.title")} flush>
      {detail.writes.length === 0 ? (
        <Empty title={t("writes.none")}>{t("writes.noneText")}</Empty>
      ) : (
        <ul>
          {detail.writes.map((write) => (
            <li key={write.output} className={style.write}>
              <div className="row between wrap">
                <span>
                  <b>{write.output}</b>
                  {write.value != null && (
                    <>
                      {" "}
                      ← <b>{write.value}</b>
                    </>
                  )}
                </span>
                <Badge
                  of={write.outcome === "confirmed" ? "ok" : write.outcome === "dry_run" ? "unknown" : "bad"}
                >
                  {t(`outcome.${outcomeKey(write.outcome)}`)}
                </Badge>
              </div>
              <div className="small quiet">
                {write.target && <span className="mono">{write.target} · </span>}
                {write.at && <time dateTime={write.at}>{clockMs(write.at)} · </time>}
                {t("writes.after", { time: micros(write.write_us) })}
              </div>
              {write.why && <div className="small">{write.why}</div>}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
