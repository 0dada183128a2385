// A learning job while it runs and when it has ended: progress, quality of the data, report, figures.
import { Button, Progress } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import type { LearnJob } from "@/api/contract";
import { Problem } from "@/api/problem";
import { Mark } from "@/parts/mark";
import { Panel, Trouble } from "@/parts/panel";
import { percent } from "@/text/format";
import style from "./models.module.css";

const isOver = (job: LearnJob | undefined): boolean =>
  job !== undefined && (job.done === true || job.error != null || job.progress >= 1);

export function JobView({
  job: id,
  finished,
}: {
  job: string;
  finished?: (job: LearnJob) => React.ReactNode;
}) {
  const { t } = useTranslation();
  const path = `/api/v1/learn/${encodeURIComponent(id)}`;
  const job = useQuery({
    queryKey: ["learn", id],
    queryFn: () => call<LearnJob>("GET", path),
    refetchInterval: (query) => (isOver(query.state.data) ? false : 500),
  });
  const cancel = useMutation({ mutationFn: () => call("DELETE", path) });
  if (job.error) return <Trouble of={job.error} again={() => void job.refetch()} />;
  if (!job.data) return null;
  const { data: now } = job;
  return (
    <div className="stack">
      {!isOver(now) && (
        <Panel
          title={now.step ?? t("learn.working")}
          aside={
            <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              {t("do.cancel")}
            </Button>
          }
        >
          <Progress value={100 * now.progress} aria-label={percent(now.progress, 0)} animated />
        </Panel>
      )}
      {now.error && <Trouble of={new Problem(0, now.error, now.hint ?? "")} />}
      {now.quality && now.quality.length > 0 && (
        <Panel title={t("learn.quality")}>
          <ul className="stack-tight">
            {now.quality.map((one) => (
              <li key={one.name} className="row" style={{ alignItems: "baseline" }}>
                <Mark of={one.ok ? "ok" : "warn"} size={12} />
                <b>{one.name}</b>
                <span className="soft">{one.text}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {now.report && (
        <Panel title={t("learn.report")}>
          <pre className={style.report}>{now.report}</pre>
        </Panel>
      )}
      {now.figures && now.figures.length > 0 && (
        <Panel title={t("learn.figures")}>
          {/* As an image, a drawing can neither run anything nor load anything. */}
          <div className={style.figures}>
            {now.figures.map((one) => (
              <img
                key={one.name}
                alt={one.name}
                src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(one.svg)}`}
              />
            ))}
          </div>
        </Panel>
      )}
      {isOver(now) && finished?.(now)}
    </div>
  );
}
