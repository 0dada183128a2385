// The box itself: is it well, who may do what, what was done, what left, how to save it.
import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/api/session";
import { PageHead } from "@/parts/panel";
import { Audit } from "./audit";
import { Backup } from "./backup";
import { Doctor } from "./doctor";
import { Egress } from "./egress";
import { Secrets } from "./secrets";
import { Tokens } from "./tokens";
import { Users } from "./users";

type TabName = "health" | "users" | "tokens" | "secrets" | "audit" | "egress" | "backup";

const route = getRouteApi("/system");

export default function System() {
  const { t } = useTranslation();
  const { tab: asked = "health" } = route.useSearch();
  const navigate = route.useNavigate();
  const [engineer, administrator] = [useMay("engineer"), useMay("administrator")];
  const tabs: { value: TabName; panel: ReactNode; may: boolean }[] = [
    { value: "health", panel: <Doctor />, may: true },
    { value: "users", panel: <Users />, may: administrator },
    { value: "tokens", panel: <Tokens />, may: administrator },
    { value: "secrets", panel: <Secrets />, may: administrator },
    { value: "audit", panel: <Audit />, may: engineer },
    { value: "egress", panel: <Egress />, may: true },
    { value: "backup", panel: <Backup />, may: administrator },
  ];
  const offered = tabs.filter((one) => one.may);
  // An address typed by hand leads no further than the tabs do.
  const tab = offered.find((one) => one.value === asked)?.value ?? "health";
  return (
    <>
      <PageHead title={t("system.title")} about={t("system.about")} />
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: next ? { tab: next } : {} })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {offered.map(({ value }) => (
            <Tabs.Tab key={value} value={value}>
              {t(`system.${value}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {offered.map(({ value, panel }) => (
          <Tabs.Panel key={value} value={value}>
            {panel}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
