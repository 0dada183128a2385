// Scores against their limits.
import { useTranslation } from "react-i18next";
import type { VerdictView } from "@/api/types";
import { figure, percent } from "@/text/format";
import style from "./scores.module.css";

/** A score's name as people write it. */
export const scoreName = (name: string): string =>
  name === "t2" ? "T²" : name.toUpperCase() === "SPE" ? "SPE" : name.replaceAll("_", " ");

/** The score that lies furthest beyond its limit: `T² 3.4×`; below it as its share, `T² 12 %`. */
export function worstScore(verdict: VerdictView): string {
  const ratios = Object.entries(verdict.scores)
    .filter(([, score]) => score.value != null && score.limit)
    .map(([name, score]) => [name, (score.value ?? 0) / (score.limit ?? 1)] as const)
    .sort((a, b) => b[1] - a[1]);
  const worst = ratios[0];
  if (!worst) return "";
  return `${scoreName(worst[0])} ${worst[1] > 1 ? `${figure(worst[1], 2)}×` : percent(worst[1], 0)}`;
}

/** Each score as a bar whose middle is the limit. */
export function Scores({ of: verdict }: { of: VerdictView }) {
  const { t } = useTranslation();
  const scores = Object.entries(verdict.scores);
  if (scores.length === 0) return <p className="quiet">{t("scores.none")}</p>;
  return (
    <div className={style.scores}>
      {scores.map(([name, { value, limit }]) => {
        const ratio = value == null || !limit ? undefined : value / limit;
        const over = ratio !== undefined && ratio > 1;
        // Beyond twice the limit the scale is logarithmic, so that a hundredfold still fits.
        const end = Math.max(2, ratio ?? 0);
        const limitAt = 100 / Math.min(end, 6);
        const width = ratio === undefined ? 0 : Math.min(100, ratio * limitAt);
        return (
          <div key={name} className={style.score}>
            <span className={style.name}>{scoreName(name)}</span>
            <div
              className={style.bar}
              role="img"
              aria-label={t("scores.of", {
                name: scoreName(name),
                value: figure(value),
                limit: figure(limit),
              })}
            >
              <i className={over ? style.over : style.under} style={{ width: `${Math.max(width, 0.8)}%` }} />
              <b style={{ left: `${limitAt}%` }} />
            </div>
            <span className={style.value}>
              <b className={over ? style.hot : ""}>{figure(value)}</b>{" "}
              <span className="quiet">/ {figure(limit)}</span>
            </span>
            <span className={`${style.ratio} ${over ? style.hot : ""}`}>
              {ratio === undefined ? "" : `${figure(ratio, 3)}×`}
            </span>
          </div>
        );
      })}
    </div>
  );
}
