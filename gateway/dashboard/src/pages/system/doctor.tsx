// Whether the box is well: the doctor's findings, the queues, disk and clock, and what program it is.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import { useStatus } from "@/api/live";
import { useMay, useSession } from "@/api/session";
import type { DoctorReport, Status } from "@/api/types";
import { Listing } from "@/parts/listing";
import { Mark, type Standing } from "@/parts/mark";
import { Answer, Pair, Pairs, Panel } from "@/parts/panel";
import { bytes, count, lasting, millis, percent, stamp, zoneName } from "@/text/format";
import style from "./system.module.css";

type Grade = DoctorReport["findings"][number]["grade"];
const SIGNS: Record<Grade, Standing> = {
  ok: "ok",
  unused: "idle",
  look: "warn",
  broken: "bad",
};
/** What wants somebody comes first. */
const ORDER: Grade[] = ["broken", "look", "ok", "unused"];

export function Doctor() {
  const { t } = useTranslation();
  const status = useStatus();
  const may = useMay("engineer");
  return (
    <div className={style.two}>
      <Panel title={t("system.doctor")}>
        {may ? <FindingList /> : <p className="quiet">{t("system.doctorFor")}</p>}
      </Panel>
      <div className="stack">
        {status && <Box status={status} />}
        {status && <Queues status={status} />}
      </div>
    </div>
  );
}

function FindingList() {
  const { t } = useTranslation();
  const doctor = useQuery({
    queryKey: ["doctor"],
    staleTime: 30_000,
    retry: false,
    queryFn: () => call<DoctorReport>("GET", "/api/v1/doctor"),
  });
  return (
    <Answer of={doctor}>
      {({ findings, n_broken: nBroken, n_notes: nNotes, age_s: age }) => (
        <>
          <p className="soft" style={{ marginBottom: 8 }}>
            <Mark of={nBroken ? "bad" : nNotes ? "warn" : "ok"} size={12} />{" "}
            {nBroken + nNotes === 0
              ? t("system.allWell")
              : t("system.foundWrong", { broken: nBroken, look: nNotes })}{" "}
            <span className="quiet small">{t("system.lookedAt", { ago: lasting(age) })}</span>
          </p>
          <ul>
            {[...findings]
              .sort((a, b) => ORDER.indexOf(a.grade) - ORDER.indexOf(b.grade))
              .map((one, i) => (
                <li key={i} className={style.item}>
                  <Mark
                    of={SIGNS[one.grade]}
                    size={12}
                    label={t(`grade.${one.grade}`)}
                  />
                  <div className={style.finding}>
                    <b>{one.what}</b>
                    <span className="soft">{one.text}</span>
                  </div>
                </li>
              ))}
          </ul>
        </>
      )}
    </Answer>
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
      <Listing
        rows={status.queues}
        keyOf={(queue) => queue.name}
        label={t("system.queues")}
        columns={[
          { name: t("system.queue"), title: true, cell: (queue) => queue.name },
          {
            name: t("system.waiting"),
            number: true,
            whole: true,
            cell: (queue) => `${count(queue.n_waiting)} / ${count(queue.n_max)}`,
          },
          { name: t("system.full"), number: true, cell: (queue) => count(queue.n_full) },
          { name: t("system.whenFull"), cell: (queue) => queue.when_full },
        ]}
      />
    </Panel>
  );
}
