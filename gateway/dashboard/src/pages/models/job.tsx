// A learning job while it runs and when it has ended: progress, quality of the data, report, figures.
import { Button, Progress } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import type { LearnJob, Look } from "@/api/types";
import { Problem } from "@/api/problem";
import { Mark } from "@/parts/mark";
import { Figure, Panel, Trouble } from "@/parts/panel";
import { Plain } from "@/parts/plain";
import { count, percent } from "@/text/format";
import style from "./models.module.css";

/** A reading of the job again after so long. */
const BEAT_MS = 500;
const FIGURES = ["scores", "contributions", "eigenvalues"] as const;

export function JobView({
  job: id,
  finished,
}: {
  job: string;
  finished?: (job: LearnJob) => React.ReactNode;
}) {
  const { t } = useTranslation();
  const params = { path: { job: id } };
  const job = useQuery({
    queryKey: ["learn", id],
    queryFn: () => data(api.GET("/api/v1/learn/{job}", { params })),
    refetchInterval: (query) =>
      !query.state.data || query.state.data.standing === "running" ? BEAT_MS : false,
  });
  const cancel = useMutation({ mutationFn: () => data(api.DELETE("/api/v1/learn/{job}", { params })) });
  if (job.error) return <Trouble of={job.error} again={() => void job.refetch()} />;
  if (!job.data) return null;
  const { data: now } = job;
  return (
    <div className="stack">
      {now.standing === "running" && (
        <Panel
          title={now.step || t("learn.working")}
          aside={
            <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
              {t("do.cancel")}
            </Button>
          }
        >
          <Progress value={100 * now.progress} aria-label={percent(now.progress, 0)} animated />
        </Panel>
      )}
      {now.standing === "cancelled" && <p className="quiet">{t("learn.cancelled")}</p>}
      {now.error && <Trouble of={new Problem(0, now.error, "")} />}
      {now.quality && <Quality of={now.quality} />}
      {now.report && (
        <Panel title={t("learn.report")}>
          <Plain label={t("learn.report")} className={style.report}>
            {now.report}
          </Plain>
        </Panel>
      )}
      {now.figures && (
        <Panel title={t("learn.figures")}>
          {/* As an image, a drawing can neither run anything nor load anything. */}
          <div className={style.figures}>
            {FIGURES.map((name) => (
              <img
                key={name}
                alt={t(`learnFigure.${name}`)}
                src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(now.figures?.[name] ?? "")}`}
              />
            ))}
          </div>
        </Panel>
      )}
      {now.standing === "done" && finished?.(now)}
    </div>
  );
}

function Quality({ of: look }: { of: Look }) {
  const { t } = useTranslation();
  const leftOut = Object.entries(look.left_out);
  return (
    <Panel title={t("learn.quality")}>
      <div className="stack">
        <div className={style.look}>
          <Figure
            name={t("learn.rows")}
            value={count(look.n_rows)}
            more={t("learn.independent", { n: count(look.n_independent) })}
          />
          <Figure
            name={t("learn.frames")}
            value={count(look.n_frames)}
            more={t("learn.idle", { share: percent(look.idle_share, 0) })}
          />
          <Figure
            name={t("learn.leftOut")}
            value={count(leftOut.reduce((sum, [, n]) => sum + n, 0))}
            more={leftOut.map(([why, n]) => `${why.replaceAll("_", " ")} ${count(n)}`).join(", ")}
          />
        </div>
        {look.notes.length === 0 ? (
          <p>
            <Mark of="ok" size={12} /> {t("learn.nothingOdd")}
          </p>
        ) : (
          <ul className="stack-tight">
            {look.notes.map((note) => (
              <li key={note} className="row" style={{ alignItems: "baseline" }}>
                <Mark of="warn" size={12} />
                <span>{note}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}
