// From nothing to the first verdict: connect, see tags, cut windows, apply, learn, watch.
import { Button, Stepper, TextInput } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { draftConnections, draftLine, useConfiguration, useDrafts } from "@/api/drafts";
import { useLine } from "@/api/live";
import { useMay } from "@/api/session";
import { type Check, type Connection, CONNECTIONS_DOCUMENT, type Line, lineDocument } from "@/api/written";
import { Answer, Empty, PageHead, Panel } from "@/parts/panel";
import { CheckForm } from "../configure/check-form";
import { ConnectionForm } from "../configure/connection-form";
import { DraftBar } from "../configure/draft-bar";
import { freeName, nameFault } from "../configure/names";
import { Tags } from "../configure/tags";
import { WindowPreview } from "../configure/window-preview";
import { Wizard } from "../models/learn-wizard";
import { FirstVerdict } from "./first-verdict";
import { PracticePress, PracticeTags } from "./practice";
import style from "./first.module.css";

const route = getRouteApi("/first");
/** The step that watches; one cannot go beyond it. */
const LAST = 5;
/** How much of the past the learning step shows at first: what a newcomer has waited for. */
const LEARN_BACK_MS = 900_000;

type Configuration = ReturnType<typeof useConfiguration>;

export default function First() {
  const { t } = useTranslation();
  const may = useMay("engineer");
  const configuration = useConfiguration();
  return (
    <div className={style.page}>
      <PageHead title={t("first.title")} about={t("first.about")} />
      {!may && (
        <Panel>
          <Empty title={t("first.forEngineers")}>{t("first.forEngineersText")}</Empty>
        </Panel>
      )}
      {may && (
        <Answer
          of={{
            ...configuration,
            data: configuration.isPending ? undefined : configuration,
          }}
        >
          {(all) => <Steps all={all} />}
        </Answer>
      )}
    </div>
  );
}

function Steps({ all }: { all: Configuration }) {
  const { t } = useTranslation();
  const { line: name, step: asked } = route.useSearch();
  const navigate = route.useNavigate();
  const step = Math.min(asked ?? (all.connections.length > 0 ? 1 : 0), LAST);
  const setStep = (next: number) => void navigate({ search: (old) => ({ ...old, step: next }) });
  const setName = (next: string) => void navigate({ search: { line: next, step: 1 } });
  const line = all.lines.find((one) => one.id === name);
  const base = line ? all.versionOf(lineDocument(line.id)) : 0;
  const change = (next: Partial<Line>) => line && draftLine({ ...line, ...next }, base);
  return (
    <Stepper
      active={step}
      onStepClick={setStep}
      allowNextStepsSelect={false}
      size="sm"
      orientation="vertical"
      classNames={{
        root: style.root ?? "",
        steps: style.steps ?? "",
        step: style.step ?? "",
        stepBody: style.body ?? "",
        verticalSeparator: style.line ?? "",
        content: style.content ?? "",
      }}
    >
      <Stepper.Step label={t("first.connect")} description={t("first.connectAbout")}>
        <ConnectStep all={all} next={() => setStep(1)} />
      </Stepper.Step>
      <Stepper.Step label={t("first.tags")} description={t("first.tagsAbout")}>
        {line ? (
          <div className="stack">
            <Tags line={line} connections={all.connections} change={change} readOnly={false} />
            <PracticeTags
              connections={all.connections}
              tags={line.tags ?? []}
              add={(more) => change({ tags: [...(line.tags ?? []), ...more] })}
            />
            <Next disabled={!line.tags?.length} act={() => setStep(2)} />
          </div>
        ) : (
          <NameStep
            taken={all.lines.map((one) => one.id)}
            done={(id) => {
              draftLine({ id, tags: [], checks: [] }, 0);
              setName(id);
            }}
          />
        )}
      </Stepper.Step>
      <Stepper.Step label={t("first.check")} description={t("first.checkAbout")}>
        {line && <CheckStep line={line} change={change} next={() => setStep(3)} />}
      </Stepper.Step>
      <Stepper.Step label={t("first.apply")} description={t("first.applyAbout")}>
        {line && <ApplyStep line={line.id} next={() => setStep(4)} />}
      </Stepper.Step>
      <Stepper.Step label={t("first.learn")} description={t("first.learnAbout")}>
        {line && <LearnStep line={line} next={() => setStep(5)} />}
      </Stepper.Step>
      <Stepper.Step label={t("first.watch")} description={t("first.watchAbout")}>
        {line && <FirstVerdict line={line.id} />}
      </Stepper.Step>
    </Stepper>
  );
}

function Next({ disabled, act, text }: { disabled?: boolean; act: () => void; text?: string }) {
  const { t } = useTranslation();
  return (
    <div>
      <Button rightSection={<ArrowRight size={16} />} disabled={disabled ?? false} onClick={act}>
        {text ?? t("do.next")}
      </Button>
    </div>
  );
}

function ConnectStep({ all, next }: { all: Configuration; next: () => void }) {
  const { t } = useTranslation();
  const mine = all.connections.filter((one) => one.document === CONNECTIONS_DOCUMENT);
  const taken = all.connections.map((one) => one.id);
  const [filled, setFilled] = useState<Connection>();
  const save = (connection: Connection) => {
    draftConnections([...mine, connection], all.versionOf(CONNECTIONS_DOCUMENT));
    next();
  };
  return (
    <div className="stack">
      {all.connections.length > 0 && (
        <Panel>
          <p>{t("first.haveConnections", { ids: taken.join(", ") })}</p>
          <div style={{ marginTop: 10 }}>
            <Next act={next} text={t("first.useThese")} />
          </div>
        </Panel>
      )}
      <Panel title={t("connection.add")}>
        <ConnectionForm
          key={filled?.id ?? ""}
          of={undefined}
          filled={filled}
          taken={taken}
          readOnly={false}
          save={save}
        />
      </Panel>
      <PracticePress taken={taken} take={setFilled} />
    </div>
  );
}

function NameStep({ taken, done }: { taken: string[]; done: (id: string) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState(() => freeName("line-1", taken));
  const fault = nameFault(name, taken);
  return (
    <Panel>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!fault) done(name);
        }}
      >
        <TextInput
          label={t("first.lineName")}
          description={t("configure.nameAbout")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={fault ? t(`configure.${fault}`) : undefined}
        />
        <div>
          <Button type="submit" disabled={fault !== undefined}>
            {t("do.next")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function CheckStep({
  line,
  change,
  next,
}: {
  line: Line;
  change: (next: Partial<Line>) => void;
  next: () => void;
}) {
  const tags = line.tags?.map((tag) => tag.id) ?? [];
  const counter = tags.find((tag) => /part|count|nr|no\b/i.test(tag)) ?? tags[0] ?? "";
  const check: Check = line.checks?.[0] ?? {
    id: "quality",
    inputs: tags.filter((tag) => tag !== counter),
    model: `${line.id}-baseline`,
    deadline: "50ms",
    window: { kind: "trigger", tag: counter, edge: "change", collect: { before: "500ms", after: "0s" } },
  };
  return (
    <Panel>
      <div className="stack">
        <CheckForm check={check} tags={tags} readOnly={false} set={(one) => change({ checks: [one] })} />
        <WindowPreview line={line.id} check={check} />
        <Next
          disabled={check.inputs.length === 0}
          act={() => {
            change({ checks: [check] });
            next();
          }}
        />
      </div>
    </Panel>
  );
}

function ApplyStep({ line, next }: { line: string; next: () => void }) {
  const { t } = useTranslation();
  const waits = Object.keys(useDrafts()).length > 0;
  const runs = useLine(line) !== undefined;
  return (
    <div className="stack">
      <DraftBar />
      {!waits && (
        <Panel>
          <Empty title={t(runs ? "first.runs" : "first.starting")} act={<Next disabled={!runs} act={next} />}>
            {t("first.runsText")}
          </Empty>
        </Panel>
      )}
    </div>
  );
}

function LearnStep({ line, next }: { line: Line; next: () => void }) {
  const { t } = useTranslation();
  const check = useLine(line.id)?.checks[0];
  return (
    <div className="stack">
      <Panel>
        <div className="stack-tight">
          <p>{t("first.learnText")}</p>
          <div>
            <Button variant="default" onClick={next}>
              {t("first.learnLater")}
            </Button>
          </div>
        </div>
      </Panel>
      {check && <Wizard check={check} backMs={LEARN_BACK_MS} activated={next} />}
    </div>
  );
}
