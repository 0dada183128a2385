// The wizard of learning: choose good production on the trend, look at the data, train, read the report, activate.
import { Button, NumberInput, Stepper, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import type { CheckStatus } from "@/api/types";
import { Empty, Panel, Trouble } from "@/parts/panel";
import { stamp } from "@/text/format";
import { SpanBar } from "../line/span-bar";
import { iso, useSpan } from "../line/span";
import { Trends } from "../line/trends";
import { useSpanVerdicts } from "../line/verdicts";
import { JobView } from "./job";
import style from "./models.module.css";

const HOUR_MS = 3_600_000;

/** `backMs`: what is shown at first. `activated`: called once the new model judges. */
export function Wizard({
  check,
  choice,
  backMs = HOUR_MS,
  activated,
}: {
  check: CheckStatus;
  choice?: ReactNode;
  backMs?: number;
  activated?: () => void;
}) {
  const { t } = useTranslation();
  const [step, setStep] = useState(0);
  const [search, setSearch] = useState<{ back?: number; from?: number; to?: number }>({ back: backMs });
  const span = useSpan(search);
  const [name, setName] = useState(check.models[0]?.name ?? check.id);
  const [version, setVersion] = useState("");
  const [alarmRate, setAlarmRate] = useState<number | string>("");
  const body = (dry: boolean) => ({
    line: check.line,
    check: check.id,
    from: iso(span.from),
    to: iso(span.to),
    name,
    ...(version ? { version } : {}),
    dry_run: dry,
    ...(typeof alarmRate === "number" ? { alpha: alarmRate / 100 } : {}),
  });
  const look = useMutation({
    mutationFn: () => data(api.POST("/api/v1/learn", { body: body(true) })),
  });
  const train = useMutation({
    mutationFn: () => data(api.POST("/api/v1/learn", { body: body(false) })),
  });
  const toQuality = () => {
    look.mutate();
    setStep(1);
  };
  const toTraining = () => {
    train.mutate();
    setStep(2);
  };
  return (
    <div className={style.learn}>
      <Stepper active={step} onStepClick={(next) => next < step && setStep(next)} size="sm">
        <Stepper.Step label={t("learn.step1")} description={t("learn.step1About")}>
          <div className="stack" style={{ marginTop: 16 }}>
            {choice}
            <p className="soft">{t("learn.choose")}</p>
            <SpanBar
              span={span}
              back={search.back}
              go={(next) => setSearch((old) => ({ ...old, ...next }))}
            />
            <Period check={check} span={span} onSpan={(next) => setSearch(next)} />
            <p>
              <b>{stamp(span.from)}</b> – <b>{stamp(span.to)}</b>
            </p>
            <div>
              <Button onClick={toQuality}>{t("learn.toQuality")}</Button>
            </div>
          </div>
        </Stepper.Step>
        <Stepper.Step label={t("learn.step2")} description={t("learn.step2About")}>
          <div className="stack" style={{ marginTop: 16 }}>
            {look.error && <Trouble of={look.error} again={() => look.mutate()} />}
            {look.data && <JobView job={look.data.job} />}
            <Panel title={t("learn.name")}>
              <div className="row wrap" style={{ alignItems: "flex-end" }}>
                <TextInput
                  label={t("models.name")}
                  value={name}
                  onChange={(event) => setName(event.currentTarget.value)}
                />
                <TextInput
                  label={t("models.version")}
                  value={version}
                  onChange={(event) => setVersion(event.currentTarget.value)}
                />
                <NumberInput
                  label={t("learn.alarmRate")}
                  description={t("learn.alarmRateAbout")}
                  min={0.01}
                  max={10}
                  suffix=" %"
                  value={alarmRate}
                  onChange={setAlarmRate}
                />
              </div>
            </Panel>
            <div className="row">
              <Button variant="default" onClick={() => setStep(0)}>
                {t("do.back")}
              </Button>
              <Button disabled={!name} onClick={toTraining}>
                {t("learn.train")}
              </Button>
            </div>
          </div>
        </Stepper.Step>
        <Stepper.Step label={t("learn.step3")} description={t("learn.step3About")}>
          <div className="stack" style={{ marginTop: 16 }}>
            {train.error && <Trouble of={train.error} again={() => train.mutate()} />}
            {train.data && (
              <JobView
                job={train.data.job}
                finished={(job) =>
                  job.package && (
                    <Activate
                      name={job.package.name}
                      version={job.package.version}
                      check={check}
                      activated={activated}
                    />
                  )
                }
              />
            )}
          </div>
        </Stepper.Step>
      </Stepper>
    </div>
  );
}

function Period({
  check,
  span,
  onSpan,
}: {
  check: CheckStatus;
  span: ReturnType<typeof useSpan>;
  onSpan: (next: { from: number; to: number }) => void;
}) {
  const tags = useQuery({
    queryKey: ["tags", check.line],
    queryFn: () => data(api.GET("/api/v1/tags", { params: { query: { line: check.line } } })),
  });
  const { verdicts } = useSpanVerdicts(check, span);
  return (
    <Trends
      line={check.line}
      span={span}
      tags={tags.data?.tags ?? []}
      inputs={check.inputs}
      verdicts={verdicts}
      selected={undefined}
      onSpan={onSpan}
    />
  );
}

function Activate({
  name,
  version,
  check,
  activated,
}: {
  name: string;
  version: string;
  check: CheckStatus;
  activated?: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const act = useMutation({
    mutationFn: () =>
      data(api.POST("/api/v1/models/{name}/activate", { params: { path: { name } }, body: { version } })),
    onSuccess: () => activated?.(),
  });
  return act.isSuccess ? (
    <Panel>
      <Empty
        title={t("learn.done", { name, version })}
        act={
          <Button
            component={Link}
            {...({ to: "/line/$line", params: { line: check.line }, search: { check: check.id } } as object)}
          >
            {t("learn.watch")}
          </Button>
        }
      >
        {t("learn.doneText")}
      </Empty>
    </Panel>
  ) : (
    <div className="stack-tight">
      {act.error && <Trouble of={act.error} />}
      <div>
        <Button loading={act.isPending} onClick={() => act.mutate()}>
          {t("learn.activate", { name, version })}
        </Button>
      </div>
    </div>
  );
}
