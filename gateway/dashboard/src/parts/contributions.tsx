// The tags that made the score, largest share first.
import { useTranslation } from "react-i18next";
import type { VerdictView } from "@/api/types";
import { percent } from "@/text/format";
import style from "./contributions.module.css";

export function Contributions({ of: verdict, n = 8, tall }: { of: VerdictView; n?: number; tall?: boolean }) {
  const { t } = useTranslation();
  const shown = [...verdict.contributions]
    .sort((a, b) => Math.abs(b.share ?? 0) - Math.abs(a.share ?? 0))
    .slice(0, n);
  if (shown.length === 0)
    return tall ? (
      <p className="quiet">
        {verdict.reason ? verdict.reason.replaceAll("_", " ") : t("contributions.none")}
      </p>
    ) : (
      <span className="quiet small">{verdict.reason?.replaceAll("_", " ")}</span>
    );
  const most = Math.max(...shown.map((one) => Math.abs(one.share ?? 0)), 1e-9);
  return (
    <div className={`${style.shares} ${tall ? style.tall : ""}`}>
      {shown.map((one) => (
        <div key={one.tag} className={style.share}>
          <span className={style.tag} title={one.tag}>
            {one.tag}
          </span>
          <div className={style.bar} aria-hidden>
            <i
              className={verdict.verdict === "fail" ? style.fail : style.calm}
              style={{ width: `${(100 * Math.abs(one.share ?? 0)) / most}%` }}
            />
          </div>
          <span className={style.value}>{percent(one.share, 0)}</span>
        </div>
      ))}
    </div>
  );
}
