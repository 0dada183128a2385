// What the gateway is told to do: lines and connections, changes before they are applied, and all versions.
import { Button, Tabs } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type Placed, useConfiguration } from "@/api/drafts";
import { useMay } from "@/api/session";
import type { Line } from "@/api/written";
import { Badge } from "@/parts/mark";
import { Answer, Empty, PageHead, Panel } from "@/parts/panel";
import { ConnectionList } from "./connection-list";
import { DraftBar } from "./draft-bar";
import style from "./configure.module.css";
import { NewLine } from "./new-line";
import { Versions } from "./versions";

const route = getRouteApi("/configure");

export default function Configure() {
  const { t } = useTranslation();
  const { tab = "lines" } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay("engineer");
  const configuration = useConfiguration();
  return (
    <>
      <PageHead title={t("configure.title")} about={t("configure.about")}>
        {may && (
          <Button component={Link} to="/first" variant="default">
            {t("configure.guided")}
          </Button>
        )}
      </PageHead>
      <DraftBar />
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: next ? { tab: next } : {} })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="lines">{t("configure.lines")}</Tabs.Tab>
          <Tabs.Tab value="connections">{t("configure.connections")}</Tabs.Tab>
          <Tabs.Tab value="versions">{t("configure.versions")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="lines">
          <Answer
            of={{
              ...configuration,
              data: configuration.isPending ? undefined : configuration.lines,
            }}
          >
            {(lines) => <Lines lines={lines} />}
          </Answer>
        </Tabs.Panel>
        <Tabs.Panel value="connections">
          <ConnectionList configuration={configuration} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Lines({ lines }: { lines: Placed<Line>[] }) {
  const { t } = useTranslation();
  const may = useMay("engineer");
  if (lines.length === 0) {
    return (
      <Panel>
        <Empty
          title={t("configure.noLine")}
          act={
            may ? (
              <Button component={Link} to="/first" leftSection={<Plus size={16} />}>
                {t("overview.noLineAct")}
              </Button>
            ) : null
          }
        >
          {t("overview.noLineText")}
        </Empty>
      </Panel>
    );
  }
  return (
    <div className="stack">
      <div className={style.cards}>
        {lines.map((line) => (
          <Link key={line.id} to="/configure/$line" params={{ line: line.id }} className={style.card}>
            <div className="row between">
              <h2>{line.id}</h2>
              <Origin of={line} />
            </div>
            <p className="soft">
              {[
                t("configure.nTags", { count: (line.tags?.length ?? 0) + (line.tag_groups?.length ?? 0) }),
                t("configure.nChecks", { count: line.checks?.length ?? 0 }),
                t("configure.nOutputs", {
                  count: line.checks?.reduce((n, check) => n + (check.outputs?.length ?? 0), 0) ?? 0,
                }),
              ].join(" · ")}
            </p>
            <p className="small quiet">
              {line.checks
                ?.map(
                  (check) =>
                    `${check.id}: ${check.model ?? Object.values(check.recipe?.map ?? {}).join(", ")}`,
                )
                .join(" · ")}
            </p>
          </Link>
        ))}
      </div>
      {may && (
        <div>
          <NewLine taken={lines.map((line) => line.id)} />
        </div>
      )}
    </div>
  );
}

/** Where something is written, and so whether it may be changed here. */
export function Origin({
  of,
}: {
  of: { document: string; origin: "file" | "applied" | "new"; version: number; isDraft: boolean };
}) {
  const { t } = useTranslation();
  if (of.isDraft) return <Badge of="warn">{t("configure.changed")}</Badge>;
  if (of.origin === "file")
    return (
      <Badge of="unknown" title={t("configure.fileAbout", { name: of.document })}>
        {t("configure.inFile", { name: of.document })}
      </Badge>
    );
  return <Badge of="ok">{t("configure.version", { version: of.version })}</Badge>;
}
