// The topic browser: what a broker really sends, and which tags each message could give.
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import type { TopicSeen } from "@/api/contract";
import type { Connection, Source, Tag } from "@/api/written";
import { Empty, Trouble } from "@/parts/panel";
import { count, figure } from "@/text/format";
import style from "./configure.module.css";

/** How long to listen: long enough for a slow sensor, short enough to wait for. */
const LISTEN_S = 5;

type Props = {
  connection: Connection;
  adopt: (source: Partial<Source>) => void;
  adoptMany?: ((tags: Tag[]) => void) | undefined;
};

export function Topics({ connection, adopt, adoptMany }: Props) {
  const { t } = useTranslation();
  const [filter, setFilter] = useState("#");
  const listen = useMutation({
    mutationFn: async () => {
      const answer = await call<TopicSeen[] | { topics: TopicSeen[] }>("POST", "/api/v1/field/topics", {
        body: { connection, filter, seconds: LISTEN_S },
      });
      return Array.isArray(answer) ? answer : answer.topics;
    },
  });
  return (
    <div className="stack-tight">
      <div className="row wrap" style={{ alignItems: "flex-end" }}>
        <TextInput
          label={t("topics.filter")}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
          spellCheck={false}
        />
        <Button
          variant="default"
          leftSection={<Radio size={16} />}
          loading={listen.isPending}
          onClick={() => listen.mutate()}
        >
          {t("topics.listen", { seconds: LISTEN_S })}
        </Button>
      </div>
      {listen.error && <Trouble of={listen.error} />}
      {listen.data?.length === 0 && <Empty title={t("topics.none")}>{t("topics.noneText")}</Empty>}
      {listen.data && listen.data.length > 0 && (
        <div className={style.choices}>
          {listen.data.map((seen) => (
            <div key={seen.topic}>
              <div className={style.item}>
                <b className="grow" style={{ overflowWrap: "anywhere" }}>
                  {seen.topic}
                </b>
                <span className="quiet small">{t("topics.seen", { n: count(seen.n) })}</span>
                {adoptMany && seen.tags.length > 1 && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() =>
                      adoptMany(seen.tags.map((one) => tagOf(connection, seen.topic, one.value)))
                    }
                  >
                    {t("topics.all", { n: seen.tags.length })}
                  </Button>
                )}
                <code className="quiet" style={{ flexBasis: "100%", overflowWrap: "anywhere" }}>
                  {seen.last.slice(0, 160)}
                </code>
              </div>
              {seen.tags.map((one) => (
                <button
                  key={one.value}
                  type="button"
                  className={style.choice}
                  onClick={() => adopt({ topic: seen.topic, value: one.value })}
                >
                  <span className="mono">{one.value || "–"}</span>
                  <b>{typeof one.sample === "number" ? figure(one.sample, 6) : String(one.sample)}</b>
                  <span className="small" style={{ color: "var(--accent-ink)" }}>
                    {t("topics.take")}
                  </span>
                </button>
              ))}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

const tagOf = (connection: Connection, topic: string, value: string): Tag => ({
  id:
    value
      .split("/")
      .filter(Boolean)
      .join("_")
      .replace(/[^A-Za-z0-9_.-]/g, "_") || "value",
  source: { connection: connection.id, topic, value },
});
