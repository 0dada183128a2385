// Connections as written: add, change, test, remove.
import { ActionIcon, Button, Drawer } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { draftConnections, type Placed, type useConfiguration } from "@/api/drafts";
import { useStatus } from "@/api/live";
import { useMay } from "@/api/session";
import { type Connection, CONNECTIONS_DOCUMENT } from "@/api/written";
import { connectionStanding } from "@/app/standing";
import { Mark } from "@/parts/mark";
import { Answer, Empty, Panel } from "@/parts/panel";
import { Origin } from "./configure";
import style from "./configure.module.css";
import { ConnectionForm } from "./connection-form";

type Props = { configuration: ReturnType<typeof useConfiguration> };

export function ConnectionList({ configuration }: Props) {
  const { t } = useTranslation();
  const may = useMay("engineer");
  const status = useStatus();
  const [edited, setEdited] = useState<Placed<Connection> | "new">();
  const all = configuration.connections;
  const mine = all.filter((one) => one.document === CONNECTIONS_DOCUMENT);
  const base = configuration.versionOf(CONNECTIONS_DOCUMENT);
  const save = (connection: Connection, old: string | undefined) => {
    draftConnections([...mine.filter((one) => one.id !== old && one.id !== connection.id), connection], base);
    setEdited(undefined);
  };
  return (
    <Panel
      title={t("configure.connections")}
      flush
      aside={
        may && (
          <Button variant="default" leftSection={<Plus size={16} />} onClick={() => setEdited("new")}>
            {t("connection.add")}
          </Button>
        )
      }
    >
      <Answer of={{ ...configuration, data: configuration.isPending ? undefined : all }}>
        {(connections) =>
          connections.length === 0 ? (
            <Empty title={t("connections.none")}>{t("connection.noneText")}</Empty>
          ) : (
            <ul>
              {connections.map((one) => {
                const live = status?.connections.find((known) => known.id === one.id);
                return (
                  <li key={one.id} className={style.item}>
                    <Mark
                      of={live ? connectionStanding(live) : "unknown"}
                      size={11}
                      label={
                        live
                          ? t(
                              `link.${live.link === "up" || live.link === "down" || live.link === "taken_over" ? live.link : "waiting"}`,
                            )
                          : t("connection.notRunning")
                      }
                    />
                    <div className="grow">
                      <b>{one.id}</b>
                      <div className="small quiet clip">
                        {one.kind} · {one.address ?? one.url ?? one.file}
                      </div>
                    </div>
                    <Origin of={one} />
                    <Button variant="default" onClick={() => setEdited(one)}>
                      {t(may && one.origin !== "file" ? "do.edit" : "connection.look")}
                    </Button>
                    {may && one.origin !== "file" && (
                      <ActionIcon
                        aria-label={t("connection.remove", { id: one.id })}
                        onClick={() =>
                          draftConnections(
                            mine.filter((other) => other.id !== one.id),
                            base,
                          )
                        }
                      >
                        <Trash2 size={17} />
                      </ActionIcon>
                    )}
                  </li>
                );
              })}
            </ul>
          )
        }
      </Answer>
      <Drawer
        opened={edited !== undefined}
        onClose={() => setEdited(undefined)}
        position="right"
        size="lg"
        title={edited === "new" ? t("connection.add") : edited?.id}
      >
        {edited && (
          <ConnectionForm
            key={edited === "new" ? "new" : edited.id}
            of={edited === "new" ? undefined : edited}
            taken={all.map((one) => one.id)}
            readOnly={!may || (edited !== "new" && edited.origin === "file")}
            save={(connection) => save(connection, edited === "new" ? undefined : edited.id)}
          />
        )}
      </Drawer>
    </Panel>
  );
}
