// What the PLC was told because of this verdict, and how long that took.
import { useTranslation } from "react-i18next";
import { useLine } from "@/api/live";
import type { VerdictDetail } from "@/api/types";
import { Badge } from "@/parts/mark";
import { Empty, Panel } from "@/parts/panel";
import { clockMs, micros } from "@/text/format";
import { outcomeKey, purposeKey } from "../line/outputs";
import style from "./writes.module.css";

export function Writes({ detail }: { detail: VerdictDetail }) {
  const { t } = useTranslation();
  const { verdict, writes } = detail;
  const outputs = useLine(verdict.line)?.checks.find((one) => one.id === verdict.check)?.outputs;
  return (
    <Panel title={t("writes.title")} flush>
      {writes.length === 0 ? (
        <Empty title={t("writes.none")}>{t("writes.noneText")}</Empty>
      ) : (
        <ul>
          {writes.map((write, i) => {
            // A write from before its target was kept went where the output writes now, as far as anybody knows.
            const now = outputs?.find((one) => one.id === write.output)?.target;
            const target = write.target ?? (write.purpose === "answer" ? undefined : now);
            return (
              <li key={i} className={style.write}>
                <div className="row between wrap">
                  <b>{write.output}</b>
                  <Badge
                    of={
                      write.outcome === "confirmed" ? "ok" : write.outcome === "dry_run" ? "unknown" : "bad"
                    }
                  >
                    {t(`outcome.${outcomeKey(write.outcome)}`)}
                  </Badge>
                </div>
                <div className="small quiet">
                  {target && (
                    <span className="mono">
                      {target}
                      {write.value != null && <> = {write.value}</>} ·{" "}
                    </span>
                  )}
                  {t(`purpose.${purposeKey(write.purpose)}`)} ·{" "}
                  <time dateTime={write.at}>{clockMs(write.at)}</time>
                  {write.write_us > 0 && <> · {t("writes.after", { time: micros(write.write_us) })}</>}
                </div>
                {write.why && <div className="small">{write.why}</div>}
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
