// The models of this gateway: installed, active, really running where, how fast; upload, activate, return.
import { Button, FileButton, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GraduationCap, MoreHorizontal, Upload } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, call, data } from "@/api/client";
import { useStatus } from "@/api/live";
import { useMay } from "@/api/session";
import type { CheckStatus, ModelEntry } from "@/api/types";
import { spread } from "@/parts/latency";
import { Badge, Mark } from "@/parts/mark";
import { Listing } from "@/parts/listing";
import { Answer, Empty, PageHead, Panel, Trouble } from "@/parts/panel";
import { bytes, micros, moment } from "@/text/format";
import style from "./models.module.css";

/** As large as the gateway takes a package. */
const BYTES_MAX = 256 * 1024 * 1024;

export default function Models() {
  const { t } = useTranslation();
  const may = useMay("engineer");
  const status = useStatus();
  const checks = status?.lines.flatMap((line) => line.checks) ?? [];
  const models = useQuery({
    queryKey: ["models"],
    queryFn: () => data(api.GET("/api/v1/models")),
    refetchInterval: 10_000,
  });
  return (
    <>
      <PageHead title={t("models.title")} about={t("models.about")}>
        {may && (
          <>
            <UploadAct />
            <Button component={Link} to="/models/learn" leftSection={<GraduationCap size={17} />}>
              {t("models.learn")}
            </Button>
          </>
        )}
      </PageHead>
      <div className="stack">
        <Running checks={checks} />
        <Panel title={t("models.installed")} flush>
          <Answer of={models}>
            {({ models: all }) =>
              all.length === 0 ? (
                <Empty title={t("models.none")}>{t("models.noneText")}</Empty>
              ) : (
                <ModelList all={all} may={may} />
              )
            }
          </Answer>
        </Panel>
      </div>
    </>
  );
}

function Running({ checks }: { checks: CheckStatus[] }) {
  const { t } = useTranslation();
  const rows = checks.flatMap((check) => check.models.map((model) => ({ check, model })));
  if (rows.length === 0) return null;
  return (
    <Panel title={t("models.running")} flush>
      <ul>
        {rows.map(({ check, model }) => (
          <li key={`${check.line}/${check.id}/${model.name}`} className={style.run}>
            <Mark
              of={model.standing === "ready" ? (model.fallback ? "warn" : "ok") : "bad"}
              size={12}
              label={model.standing}
            />
            <div className={style.which}>
              <b>{model.name}</b> {model.model?.version}
              <div className="small quiet">
                <Link to="/line/$line" params={{ line: check.line }} search={{ check: check.id }}>
                  {check.line}/{check.id}
                </Link>
              </div>
            </div>
            <div>
              <div className="label">{t("models.device")}</div>
              {model.device_used ?? "–"}
              {model.fallback && (
                <div className="small">
                  {t("line.fallback", { asked: model.device_asked ?? "", why: model.fallback })}
                </div>
              )}
            </div>
            <div>
              <div className="label">{t("models.inference")}</div>
              {check.latency_us.inference.n ? micros(check.latency_us.inference.p99) : "–"}
            </div>
            <div>
              <div className="label">{t("overview.p99")}</div>
              {check.latency_us.total.n ? micros(spread(check.latency_us, "p99")) : "–"}
            </div>
            <div>
              {check.model?.name === model.name && check.production.on ? (
                <Badge of="ok">{t("line.judgesNow")}</Badge>
              ) : (
                <Badge of={model.standing === "ready" ? "idle" : "bad"}>
                  {model.standing === "ready" ? t("models.waits") : model.standing}
                </Badge>
              )}
            </div>
            {model.why && <p className={style.why}>{model.why}</p>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function ModelList({ all, may }: { all: ModelEntry[]; may: boolean }) {
  const { t } = useTranslation();
  return (
    <Listing
      rows={all}
      keyOf={(model) => model.digest}
      label={t("models.installed")}
      columns={[
        { name: t("models.name"), title: true, cell: (model) => model.name },
        { name: t("models.version"), cell: (model) => model.version },
        {
          name: t("models.activeIn"),
          cell: (model) =>
            model.active_in.length ? (
              model.active_in.map((place) => (
                <Badge key={place} of="ok">
                  {place}
                </Badge>
              ))
            ) : (
              <span className="quiet">{t("models.notActive")}</span>
            ),
        },
        { name: t("models.size"), number: true, whole: true, cell: (model) => bytes(model.n_bytes) },
        // Not every gateway remembers it.
        ...(all.some((model) => model.installed_at)
          ? [
              {
                name: t("models.since"),
                whole: true,
                cell: (model: ModelEntry) => moment(model.installed_at),
              },
            ]
          : []),
        {
          name: t("models.digest"),
          cell: (model) => (
            <code className="quiet" title={model.digest}>
              {model.digest.slice(0, 12)}
            </code>
          ),
        },
        { name: t("models.acts"), acts: true, cell: (model) => may && <Acts model={model} /> },
      ]}
    />
  );
}

function Acts({ model }: { model: ModelEntry }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: (what: "activate" | "rollback") =>
      data(
        what === "activate"
          ? api.POST("/api/v1/models/{name}/activate", {
              params: { path: { name: model.name } },
              body: { version: model.version },
            })
          : api.POST("/api/v1/models/{name}/rollback", { params: { path: { name: model.name } } }),
      ),
    onSuccess: () => {
      notifications.show({ message: t("models.changed") });
      void client.invalidateQueries({ queryKey: ["models"] });
    },
    onError: (error) =>
      notifications.show({
        color: "vermilion",
        title: error.message,
        message: (error as { hint?: string }).hint ?? "",
      }),
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          size="compact-sm"
          aria-label={t("models.actsOf", { name: `${model.name} ${model.version}` })}
          loading={act.isPending}
        >
          <MoreHorizontal size={16} />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => act.mutate("activate")} disabled={model.active_in.length > 0}>
          {t("models.activate")}
        </Menu.Item>
        <Menu.Item onClick={() => act.mutate("rollback")}>
          {t("models.rollback", { name: model.name })}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function UploadAct() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const upload = useMutation({
    mutationFn: (file: File) =>
      call<Pick<ModelEntry, "name" | "version">>("POST", "/api/v1/models", {
        raw: file,
        type: "application/octet-stream",
      }),
    onSuccess: (answer) => {
      notifications.show({
        message: t("models.uploaded", { name: answer.name ?? "", version: answer.version ?? "" }),
      });
      void client.invalidateQueries({ queryKey: ["models"] });
    },
    onError: (error) =>
      notifications.show({
        color: "vermilion",
        autoClose: false,
        title: t("models.refused"),
        message: <Trouble of={error} />,
      }),
  });
  const take = (file: File | null) => {
    if (!file) return;
    if (file.size > BYTES_MAX)
      notifications.show({ color: "vermilion", message: t("models.tooLarge", { max: bytes(BYTES_MAX) }) });
    else upload.mutate(file);
  };
  return (
    <FileButton accept=".takt" onChange={take}>
      {(props) => (
        <Button variant="default" leftSection={<Upload size={16} />} loading={upload.isPending} {...props}>
          {t("models.upload")}
        </Button>
      )}
    </FileButton>
  );
}
