// What the tags cost on the bus: how much of every cycle a device is busy with them (before saving).
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import type { Connection, Tag } from "@/api/written";
import { Mark } from "@/parts/mark";
import { Panel } from "@/parts/panel";
import { millis, percent } from "@/text/format";

type Answer = {
  requests?: number;
  ms_per_cycle?: number;
  share?: number;
  groups?: { every: string; requests: number; ms: number; share: number }[];
};

export function Budget({ tags, connections }: { tags: Tag[]; connections: Connection[] }) {
  const { t } = useTranslation();
  const modbus = connections.filter(
    (one) => one.kind === "modbus-tcp" && tags.some((tag) => tag.source.connection === one.id),
  );
  if (modbus.length === 0) return null;
  return (
    <Panel title={t("budget.title")}>
      <p className="quiet small" style={{ marginBottom: 8 }}>
        {t("budget.about")}
      </p>
      {modbus.map((one) => (
        <Of key={one.id} connection={one} tags={tags.filter((tag) => tag.source.connection === one.id)} />
      ))}
    </Panel>
  );
}

function Of({ connection, tags }: { connection: Connection; tags: Tag[] }) {
  const { t } = useTranslation();
  const budget = useQuery({
    queryKey: ["budget", connection, tags],
    staleTime: 60_000,
    retry: false,
    queryFn: () => call<Answer>("POST", "/api/v1/field/budget", { body: { connection, tags } }),
  });
  if (!budget.data)
    return budget.error ? <p className="quiet small">{t("budget.unknown", { id: connection.id })}</p> : null;
  const groups = budget.data.groups ?? [];
  return (
    <ul>
      {groups.map((group) => (
        <li key={group.every} className="row wrap">
          <Mark of={group.share > 1 ? "bad" : group.share > 0.7 ? "warn" : "ok"} size={11} />
          <b>{connection.id}</b>{" "}
          {t("budget.group", {
            every: group.every,
            requests: group.requests,
            time: millis(group.ms),
            share: percent(group.share, 0),
          })}
        </li>
      ))}
    </ul>
  );
}
