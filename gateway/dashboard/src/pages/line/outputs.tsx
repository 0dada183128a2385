// The way back to the PLC: armed or dry run, what was written last, and how writes ended.
import { useTranslation } from "react-i18next";
import type { CheckStatus, OutputStatus } from "@/api/types";
import { Badge, Mark } from "@/parts/mark";
import { Empty, Pair, Pairs, Panel } from "@/parts/panel";
import { ArmingAct } from "@/parts/arming";
import { clockMs, count, micros, moment } from "@/text/format";
import style from "./outputs.module.css";

export function Outputs({ check }: { check: CheckStatus }) {
  const { t } = useTranslation();
  return (
    <Panel title={t("output.title")} flush>
      {check.outputs.length === 0 && <Empty title={t("output.none")}>{t("output.noneText")}</Empty>}
      {check.outputs.map((output) => (
        <Output key={output.id} output={output} check={check} />
      ))}
    </Panel>
  );
}

function Output({ output, check }: { output: OutputStatus; check: CheckStatus }) {
  const { t } = useTranslation();
  const { last } = output;
  const wrong = last && last.outcome !== "confirmed" && last.outcome !== "dry_run";
  return (
    <div className={style.output}>
      <div className={style.head}>
        <b>{output.id}</b>
        <Badge of={output.armed ? "ok" : "unknown"}>
          {t(output.armed ? "output.armed" : "output.dryRun")}
        </Badge>
        <span className="grow" />
        <ArmingAct line={check.line} check={check.id} output={output} />
      </div>
      <Pairs>
        <Pair name={t("output.target")}>
          <span className="mono">{output.target}</span>
        </Pair>
        {output.armed && output.armed_by && (
          <Pair name={t("output.armedBy")}>
            {output.armed_by}
            {output.armed_at ? `, ${moment(output.armed_at)}` : ""}
          </Pair>
        )}
        <Pair name={t("output.last")}>
          {last ? (
            <>
              <span className={wrong ? style.wrong : ""}>
                {wrong && <Mark of="bad" size={10} />} <b>{last.value}</b>{" "}
                {t(`outcome.${outcomeKey(last.outcome)}`)}
              </span>
              <div className="small quiet">
                {t(`purpose.${purposeKey(last.purpose)}`)} · {clockMs(last.at)} · {micros(last.took_us)}
              </div>
              {last.why && <div className="small">{last.why}</div>}
            </>
          ) : (
            <span className="quiet">{t("output.neverWrote")}</span>
          )}
        </Pair>
        <Pair name={t("output.writes")}>
          {Object.entries(output.writes)
            .map(([outcome, n]) => `${count(n)} ${t(`outcome.${outcomeKey(outcome)}`)}`)
            .join(" · ") || "–"}
        </Pair>
      </Pairs>
    </div>
  );
}

const OUTCOMES = [
  "confirmed",
  "dry_run",
  "withheld",
  "refused",
  "timed_out",
  "differs",
  "disconnected",
] as const;
const PURPOSES = ["verdict", "fail_safe", "release", "heartbeat"] as const;
export const outcomeKey = (word: string) => OUTCOMES.find((one) => one === word) ?? "unknown";
export const purposeKey = (word: string) => PURPOSES.find((one) => one === word) ?? "unknown";
