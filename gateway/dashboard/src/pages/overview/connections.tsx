// The ways to devices and brokers: up or down, since when, what came, what could not be read.
import { useTranslation } from "react-i18next";
import type { ConnectionStatus } from "@/api/types";
import { connectionStanding } from "@/app/standing";
import { Mark } from "@/parts/mark";
import { Empty, Panel } from "@/parts/panel";
import { clock, count, lasting, millis } from "@/text/format";
import { localTimes } from "@/text/times";
import style from "./connections.module.css";

export function Connections({ connections }: { connections: readonly ConnectionStatus[] }) {
  const { t } = useTranslation();
  return (
    <Panel title={t("connections.title")} flush>
      {connections.length === 0 ? (
        <Empty title={t("connections.none")}>{t("connections.noneText")}</Empty>
      ) : (
        <ul>
          {connections.map((one) => (
            <li key={one.id} className={style.item}>
              <Connection of={one} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Connection({ of: one }: { of: ConnectionStatus }) {
  const { t } = useTranslation();
  const standing = connectionStanding(one);
  const facts = [
    t("connections.messages", { n: count(one.n_messages) }),
    one.n_rejects > 0 && t("connections.rejects", { n: count(one.n_rejects) }),
    one.n_duplicates > 0 && t("connections.duplicates", { n: count(one.n_duplicates) }),
    one.n_not_durable > 0 && t("connections.notDurable", { n: count(one.n_not_durable) }),
    one.units_aside.length > 0 && t("connections.aside", { units: one.units_aside.join(", ") }),
    one.last_arrival_ms == null
      ? t("connections.nothing")
      : one.last_arrival_ms > 2_000
        ? t("connections.last", { time: lasting(one.last_arrival_ms / 1_000) })
        : false,
  ].filter(Boolean);
  return (
    <>
      <div className={style.head}>
        <Mark of={standing} size={11} label={t(`link.${linkWord(one.link)}`)} />
        <b>{one.id}</b>
        <span className="quiet small clip grow">
          {one.kind} · {one.address}
        </span>
        <span className="small nowrap soft">
          {t(`link.${linkWord(one.link)}`)} {lasting(one.since_s)}
        </span>
      </div>
      {one.why && (
        <p className={style.why}>
          {localTimes(one.why)}
          {one.retry_ms ? ` ${t("connections.retry", { time: millis(one.retry_ms) })}` : ""}
        </p>
      )}
      <p className={style.facts}>{facts.join(" · ")}</p>
      {one.rejects.slice(0, 2).map((reject) => (
        <p key={reject.at + reject.from} className={style.reject}>
          <b>{reject.from}</b> {clock(reject.at)}: {reject.why} <code>{reject.first_bytes.slice(0, 48)}</code>
        </p>
      ))}
    </>
  );
}

const linkWord = (link: string): "up" | "down" | "taken_over" | "waiting" =>
  link === "up" || link === "down" || link === "taken_over" ? link : "waiting";
