// Whether the box is well: the doctor's findings, the queues, disk and clock, and what program it is.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import type { DoctorItem } from "@/api/contract";
import { useStatus } from "@/api/live";
import { useSession } from "@/api/session";
import type { Status } from "@/api/types";
import { Mark } from "@/parts/mark";
import { Answer, Pair, Pairs, Panel } from "@/parts/panel";
import { bytes, count, lasting, millis, percent, stamp, zoneName } from "@/text/format";
import style from "./system.module.css";

export function Doctor() {
  const { t } = useTranslation();
  const status = useStatus();
  const doctor = useQuery({
    queryKey: ["doctor"],
    staleTime: 30_000,
    retry: false,
    queryFn: async () => {
      const answer = await call<DoctorItem[] | { findings?: DoctorItem[]; items?: DoctorItem[] }>(
        "GET",
        "/api/v1/doctor",
      );
      return Array.isArray(answer) ? answer : (answer.findings ?? answer.items ?? []);
    },
  });
  return (
    <div className={style.two}>
      <Panel title={t("system.doctor")}>
        <Answer of={doctor}>
          {(items) => (
            <ul>
              {items.map((item) => (
                <li key={item.name} className={style.item}>
                  <Mark
                    of={item.standing === "ok" ? "ok" : item.standing === "warning" ? "warn" : "bad"}
                    size={12}
                  />
                  <div>
                    <b>{item.name}</b> <span className="soft">{item.text}</span>
                    {item.hint && <p className="small quiet">{item.hint}</p>}
                  </div>
                </li>
              ))}
            </ul>
          )}
        </Answer>
      </Panel>
      <div className="stack">
        {status && <Box status={status} />}
        {status && <Queues status={status} />}
      </div>
    </div>
  );
}

function Box({ status }: { status: Status }) {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const { store } = status;
  return (
    <Panel title={t("system.thisBox")}>
      <Pairs>
        <Pair name={t("system.gateway")}>
          {status.gateway} · {status.site}
        </Pair>
        <Pair name={t("system.version")}>Takt {status.version}</Pair>
        <Pair name={t("overview.runtime")}>{status.runtime}</Pair>
        <Pair name={t("overview.up")}>
          {lasting(status.uptime_s)} <span className="quiet small">({stamp(status.began)})</span>
        </Pair>
        <Pair name={t("overview.store")}>
          {bytes(store.n_bytes)} / {bytes(store.n_bytes_max)}{" "}
          <span className="quiet small">
            {store.n_bytes != null && store.n_bytes_max
              ? percent(store.n_bytes / store.n_bytes_max)
              : store.standing}
          </span>
          {store.why && <div>{store.why}</div>}
        </Pair>
        <Pair name={t("overview.clock")}>
          {status.clock.n_jumps === 0
            ? t("overview.clockSteady")
            : `${t("overview.clockJumps", { count: status.clock.n_jumps })}, ${millis(Math.abs(status.clock.jump_ms_last))}`}
        </Pair>
        <Pair name={t("system.zone")}>{session?.zone ?? zoneName()}</Pair>
        <Pair name={t("system.notDurable")}>{count(status.n_not_durable)}</Pair>
      </Pairs>
    </Panel>
  );
}

function Queues({ status }: { status: Status }) {
  const { t } = useTranslation();
  if (status.queues.length === 0) return null;
  return (
    <Panel title={t("system.queues")} flush>
      <div className="scroll-x">
        <table className="plain">
          <thead>
            <tr>
              <th>{t("system.queue")}</th>
              <th className="number">{t("system.waiting")}</th>
              <th className="number">{t("system.full")}</th>
              <th>{t("system.whenFull")}</th>
            </tr>
          </thead>
          <tbody>
            {status.queues.map((queue) => (
              <tr key={queue.name}>
                <td>{queue.name}</td>
                <td className="number">
                  {count(queue.n_waiting)} / {count(queue.n_max)}
                </td>
                <td className="number">{count(queue.n_full)}</td>
                <td className="soft">{queue.when_full}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
