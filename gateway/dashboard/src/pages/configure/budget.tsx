// What the tags cost on the bus: how much of every cycle a device is busy with them (before saving).
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useMay } from "@/api/session";
import { asked, type Connection, type Tag, tidy } from "@/api/written";
import { Mark } from "@/parts/mark";
import { Panel, Trouble } from "@/parts/panel";
import { millis, percent } from "@/text/format";

export function Budget({ tags, connections }: { tags: Tag[]; connections: Connection[] }) {
  const { t } = useTranslation();
  const modbus = connections.filter(
    (one) => one.kind === "modbus-tcp" && tags.some((tag) => tag.source.connection === one.id),
  );
  const may = useMay("engineer");
  if (modbus.length === 0 || !may) return null;
  return (
    <Panel title={t("budget.title")}>
      <p className="quiet small" style={{ marginBottom: 8 }}>
        {t("budget.about")}
      </p>
      <div className="stack-tight">
        {modbus.map((one) => (
          <Of key={one.id} connection={one} tags={tags.filter((tag) => tag.source.connection === one.id)} />
        ))}
      </div>
    </Panel>
  );
}

function Of({ connection, tags }: { connection: Connection; tags: Tag[] }) {
  const { t } = useTranslation();
  const written = JSON.stringify(tags.map(tidy));
  const budget = useQuery({
    queryKey: ["budget", connection.id, written],
    staleTime: 60_000,
    retry: false,
    queryFn: () =>
      data(
        api.POST("/api/v1/field/budget", {
          body: { connection: asked(connection), tags: JSON.parse(written) as Tag[] },
        }),
      ),
  });
  if (!budget.data)
    return budget.error ? <Trouble of={budget.error} again={() => void budget.refetch()} /> : null;
  const { groups, load, fits, measured, request_ms: each } = budget.data;
  return (
    <div>
      <p>
        <Mark of={!fits ? "bad" : load > 0.7 ? "warn" : "ok"} size={11} /> <b>{connection.id}</b>{" "}
        {t(fits ? "budget.fits" : "budget.tooMuch", { share: percent(load, 0) })}{" "}
        <span className="quiet small">
          {t(measured ? "budget.measured" : "budget.assumed", { time: millis(each) })}
        </span>
      </p>
      <ul className="small soft">
        {groups.map((group) => (
          <li key={`${group.unit}/${group.every_ms}`}>
            {t("budget.group", {
              unit: group.unit,
              every: millis(group.every_ms),
              requests: group.n_requests,
              time: millis(group.ms_per_cycle),
              share: percent(group.share, 0),
            })}
          </li>
        ))}
      </ul>
    </div>
  );
}
