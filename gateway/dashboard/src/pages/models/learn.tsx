// Learning a baseline for a check that is chosen here.
import { Select } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStatus } from "@/api/live";
import { useMay } from "@/api/session";
import { Empty, PageHead, Panel } from "@/parts/panel";
import { Wizard } from "./learn-wizard";

const route = getRouteApi("/models/learn");

export default function Learn() {
  const { t } = useTranslation();
  const status = useStatus();
  const may = useMay("engineer");
  const search = route.useSearch();
  const checks = status?.lines.flatMap((line) => line.checks) ?? [];
  const [chosen, setChosen] = useState<string>();
  const key =
    chosen ??
    (search.line && search.check
      ? `${search.line}/${search.check}`
      : checks[0] && `${checks[0].line}/${checks[0].id}`);
  const check = checks.find((one) => `${one.line}/${one.id}` === key);
  return (
    <>
      <PageHead
        title={t("learn.title")}
        about={t("learn.about")}
        crumb={
          <>
            <Link to="/models">{t("nav.models")}</Link> / {t("learn.crumb")}
          </>
        }
      />
      {checks.length === 0 && status && (
        <Panel>
          <Empty title={t("learn.noCheck")}>{t("learn.noCheckText")}</Empty>
        </Panel>
      )}
      {check && !may && (
        <Panel>
          <Empty title={t("learn.forEngineers")}>{t("learn.forEngineersText")}</Empty>
        </Panel>
      )}
      {check && may && (
        <Wizard
          key={key}
          check={check}
          choice={
            <Select
              label={t("learn.check")}
              data={checks.map((one) => `${one.line}/${one.id}`)}
              value={key ?? null}
              onChange={(next) => setChosen(next ?? undefined)}
            />
          }
        />
      )}
    </>
  );
}
