// The selected verdict, or the last one: what, by how much, which tags, how long it took.
import { ActionIcon, Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { ArrowRight, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { kindOf } from "@/api/live";
import type { CheckStatus, VerdictView } from "@/api/types";
import { Contributions } from "@/parts/contributions";
import { LatencyOne } from "@/parts/latency";
import { VerdictWord } from "@/parts/mark";
import { Empty, Panel } from "@/parts/panel";
import { Scores } from "@/parts/scores";
import { idOf } from "@/parts/verdict-id";
import { clockMs, day } from "@/text/format";
import style from "./selected.module.css";

export function Selected({
  verdict,
  isLast,
  check,
  clear,
}: {
  verdict: VerdictView | undefined;
  isLast: boolean;
  check: CheckStatus;
  clear: () => void;
}) {
  const { t } = useTranslation();
  if (!verdict)
    return (
      <Panel title={t("selected.title")}>
        <Empty title={t("selected.none")}>{t("selected.noneText")}</Empty>
      </Panel>
    );
  const kind = kindOf(verdict.verdict);
  return (
    <Panel
      title={isLast ? t("selected.last") : t("selected.title")}
      aside={
        isLast ? undefined : (
          <ActionIcon size="sm" aria-label={t("selected.clear")} onClick={clear}>
            <X size={16} />
          </ActionIcon>
        )
      }
    >
      <div className="stack">
        <div className={style.head}>
          <VerdictWord of={kind} strong />
          <span className={style.part}>
            {verdict.part == null ? "" : t("part.name", { part: String(verdict.part) })}
          </span>
          <span className={style.time}>
            <time dateTime={verdict.at}>{clockMs(verdict.at)}</time> · {day(verdict.at)}
          </span>
        </div>
        {verdict.reason && <p>{verdict.reason.replaceAll("_", " ")}</p>}
        <Scores of={verdict} />
        <div>
          <h3 className={style.sub}>{t("selected.contributions")}</h3>
          <Contributions of={verdict} tall n={6} />
        </div>
        <div>
          <h3 className={style.sub}>{t("selected.latency")}</h3>
          <LatencyOne verdict={verdict} deadlineUs={check.deadline_us} />
        </div>
        <Button
          variant={kind === "fail" ? "filled" : "default"}
          fullWidth
          rightSection={<ArrowRight size={16} />}
          component={Link}
          {...({
            to: "/line/$line/$check/$id",
            params: { line: verdict.line, check: verdict.check, id: idOf(verdict) },
          } as object)}
        >
          {t(kind === "fail" ? "selected.why" : "selected.more")}
        </Button>
      </div>
    </Panel>
  );
}
