// All lines at a glance: who judges, how fast, how many fail; red says why.
import { Button, Skeleton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStatus } from "@/api/live";
import { useMay } from "@/api/session";
import type { Status } from "@/api/types";
import { gatewayStanding } from "@/app/standing";
import { Badge } from "@/parts/mark";
import { Empty, PageHead, Panel } from "@/parts/panel";
import { bytes, lasting, percent } from "@/text/format";
import { Connections } from "./connections";
import { Faults } from "./faults";
import { Fails } from "./fails";
import style from "./overview.module.css";
import { Tile } from "./tile";

export default function Overview() {
  const { t } = useTranslation();
  const status = useStatus();
  if (!status) return <Waiting />;
  return (
    <>
      <PageHead
        title={t("overview.title")}
        about={t("overview.about", { gateway: status.gateway, site: status.site })}
      >
        <Badge of={gatewayStanding(status)}>
          {t(
            status.ready
              ? status.problems.length
                ? "overview.readyBut"
                : "overview.ready"
              : "overview.notReady",
            { count: status.problems.length },
          )}
        </Badge>
      </PageHead>
      <div className="stack">
        <Faults faults={status.problems} />
        {status.lines.length === 0 ? (
          <NoLine />
        ) : (
          <div className={style.tiles}>
            {status.lines.map((line) => (
              <Tile key={line.id} line={line} status={status} />
            ))}
          </div>
        )}
        <div className={style.below}>
          <Fails status={status} />
          <div className="stack">
            <Connections connections={status.connections} />
            <BoxPanel status={status} />
          </div>
        </div>
      </div>
    </>
  );
}

function Waiting() {
  return (
    <div className="stack" aria-busy="true">
      <Skeleton height={30} width={220} />
      <div className={style.tiles}>
        <Skeleton height={260} radius={10} />
        <Skeleton height={260} radius={10} />
      </div>
    </div>
  );
}

function NoLine() {
  const { t } = useTranslation();
  const may = useMay("engineer");
  return (
    <Panel>
      <Empty
        title={t("overview.noLine")}
        act={
          may ? (
            <Button component={Link} to="/first" rightSection={<ArrowRight size={16} />}>
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

/** The box itself: what it runs, what it keeps, whether its clock jumped. */
function BoxPanel({ status }: { status: Status }) {
  const { t } = useTranslation();
  const { store, clock } = status;
  const share = store.n_bytes != null && store.n_bytes_max ? store.n_bytes / store.n_bytes_max : undefined;
  return (
    <Panel title={t("overview.box")} aside={<Link to="/system">{t("overview.boxMore")}</Link>}>
      <div className={style.box}>
        <div>
          <div className="label">{t("overview.store")}</div>
          <p>
            {bytes(store.n_bytes)} <span className="quiet">/ {bytes(store.n_bytes_max)}</span>
          </p>
          {share !== undefined && (
            <div className={style.meter} aria-hidden>
              <i
                style={{
                  width:
                    percent(share, 1)
                      .replace(/[^\d.,]/g, "")
                      .replace(",", ".") + "%",
                }}
              />
            </div>
          )}
        </div>
        <div>
          <div className="label">{t("overview.runtime")}</div>
          <p>{status.runtime}</p>
        </div>
        <div>
          <div className="label">{t("overview.up")}</div>
          <p>{lasting(status.uptime_s)}</p>
        </div>
        <div>
          <div className="label">{t("overview.clock")}</div>
          <p>
            {clock.n_jumps === 0
              ? t("overview.clockSteady")
              : t("overview.clockJumps", { count: clock.n_jumps })}
          </p>
        </div>
      </div>
    </Panel>
  );
}
