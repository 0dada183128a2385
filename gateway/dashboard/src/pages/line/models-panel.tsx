// The models that may judge: which one runs, on which device, and why one does not.
import { useTranslation } from "react-i18next";
import type { CheckStatus } from "@/api/types";
import { Mark } from "@/parts/mark";
import { Empty, Pair, Pairs, Panel } from "@/parts/panel";
import { moment } from "@/text/format";
import style from "./models-panel.module.css";

export function ModelsPanel({ check }: { check: CheckStatus }) {
  const { t } = useTranslation();
  return (
    <Panel title={t("line.models")}>
      {check.models.length === 0 && <Empty title={t("line.noModel")}>{t("line.noModelText")}</Empty>}
      <ul className={style.list}>
        {check.models.map((one) => {
          const runs = one.model && check.model?.digest === one.model.digest;
          return (
            <li key={one.name}>
              <Mark
                of={one.standing === "ready" ? (one.fallback ? "warn" : "ok") : "bad"}
                size={11}
                label={one.standing}
              />
              <div className="grow">
                <b>{one.name}</b> {one.model?.version}{" "}
                {runs && <span className={style.now}>{t("line.judgesNow")}</span>}
                <div className="small quiet">
                  {one.device_used ? t("line.onDevice", { device: one.device_used }) : one.standing}
                  {one.model && (
                    <>
                      {" "}
                      · <code title={one.model.digest}>{one.model.digest.slice(0, 10)}</code>
                    </>
                  )}
                </div>
                {one.fallback && (
                  <div className="small">
                    {t("line.fallback", { asked: one.device_asked ?? "", why: one.fallback })}
                  </div>
                )}
                {one.why && <div className={style.why}>{one.why}</div>}
              </div>
            </li>
          );
        })}
      </ul>
      <Pairs>
        {check.refused && (
          <Pair name={t("line.refused")}>
            {check.refused.model}: {check.refused.why}{" "}
            <span className="quiet small">{moment(check.refused.at)}</span>
          </Pair>
        )}
        <Pair name={t("line.window")}>{check.window}</Pair>
        <Pair name={t("line.recipe")}>
          {check.production.on
            ? (check.production.recipe ?? t("line.inProduction"))
            : (check.production.why ?? t("standing.idle"))}
        </Pair>
      </Pairs>
    </Panel>
  );
}
