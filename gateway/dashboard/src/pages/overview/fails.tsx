// The last fails of all lines, newest first: two clicks from here to why.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { keyOfVerdict } from "@/api/live";
import type { Status } from "@/api/types";
import { Contributions } from "@/parts/contributions";
import { Mark } from "@/parts/mark";
import { Answer, Empty, Panel } from "@/parts/panel";
import { moment } from "@/text/format";
import { idOf } from "@/parts/verdict-id";
import { worstScore } from "@/parts/scores";
import style from "./fails.module.css";

const N = 8;

export function Fails({ status }: { status: Status }) {
  const { t } = useTranslation();
  const nFails = status.lines
    .flatMap((line) => line.checks)
    .reduce((sum, check) => sum + check.verdicts.fail, 0);
  const fails = useQuery({
    // Read again when the count of fails changed, not by the clock.
    queryKey: ["verdicts", "fails", nFails],
    queryFn: () => data(api.GET("/api/v1/verdicts", { params: { query: { verdict: "fail", limit: N } } })),
    placeholderData: (old) => old,
  });
  return (
    <Panel title={t("overview.lastFails")} flush>
      <Answer of={fails}>
        {({ verdicts }) =>
          verdicts.length === 0 ? (
            <Empty title={t("overview.noFail")}>{t("overview.noFailText")}</Empty>
          ) : (
            <ul>
              {verdicts.map((verdict) => (
                <li key={keyOfVerdict(verdict)} className={style.item}>
                  <Link
                    to="/line/$line/$check/$id"
                    params={{ line: verdict.line, check: verdict.check, id: idOf(verdict) }}
                    className={style.link}
                  >
                    <Mark of="fail" size={13} label={t("verdict.fail")} />
                    <span className={style.part}>
                      {verdict.part == null ? verdict.check : t("part.name", { part: String(verdict.part) })}
                      <small>
                        {verdict.line} · {verdict.check}
                      </small>
                    </span>
                    <span className={style.what}>
                      <Contributions of={verdict} n={2} />
                    </span>
                    <span className={style.score}>{worstScore(verdict)}</span>
                    <time className={style.time} dateTime={verdict.at}>
                      {moment(verdict.at)}
                    </time>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
}
