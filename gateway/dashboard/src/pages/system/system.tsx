// The box itself: is it well, who may do what, what was done, what left, how to save it.
import { Tabs } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
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

const route = getRouteApi("/system");

export default function System() {
  const { t } = useTranslation();
  const { tab = "health" } = route.useSearch();
  const navigate = route.useNavigate();
  const [engineer, administrator] = [useMay("engineer"), useMay("administrator")];
  return (
    <>
      <PageHead title={t("system.title")} about={t("system.about")} />
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: next ? { tab: next } : {} })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="health">{t("system.health")}</Tabs.Tab>
          {administrator && <Tabs.Tab value="users">{t("system.users")}</Tabs.Tab>}
          {administrator && <Tabs.Tab value="tokens">{t("system.tokens")}</Tabs.Tab>}
          {administrator && <Tabs.Tab value="secrets">{t("system.secrets")}</Tabs.Tab>}
          {engineer && <Tabs.Tab value="audit">{t("system.audit")}</Tabs.Tab>}
          <Tabs.Tab value="egress">{t("system.egress")}</Tabs.Tab>
          {administrator && <Tabs.Tab value="backup">{t("system.backup")}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="health">
          <Doctor />
        </Tabs.Panel>
        <Tabs.Panel value="users">
          <Users />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <Tokens />
        </Tabs.Panel>
        <Tabs.Panel value="secrets">
          <Secrets />
        </Tabs.Panel>
        <Tabs.Panel value="audit">
          <Audit />
        </Tabs.Panel>
        <Tabs.Panel value="egress">
          <Egress />
        </Tabs.Panel>
        <Tabs.Panel value="backup">
          <Backup />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
