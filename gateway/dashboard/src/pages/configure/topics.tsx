// The topic browser: what a broker really sends, and which tags each message could give.
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import type { HeardField, HeardTopic } from "@/api/types";
import { asked, type Connection, type Source, type Tag } from "@/api/written";
import { Empty, Trouble } from "@/parts/panel";
import { count } from "@/text/format";
import style from "./configure.module.css";

/** How long to listen: long enough for a slow sensor, short enough to wait for. */
const LISTEN_S = 5;

type Props = {
  connection: Connection;
  adopt: (source: Partial<Source>) => void;
  adoptMany?: ((tags: Tag[]) => void) | undefined;
};

/** What a tag can be made of at once; text and times are for other purposes. */
const isValue = (field: HeardField): boolean =>
  field.kind === "number" || field.kind === "flag" || field.kind === "number_as_text";

export function Topics({ connection, adopt, adoptMany }: Props) {
  const { t } = useTranslation();
  const [filter, setFilter] = useState("#");
  const listen = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/field/topics", {
          body: { connection: asked(connection), filter, seconds: LISTEN_S },
        }),
      ),
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
      {listen.data?.topics.length === 0 && <Empty title={t("topics.none")}>{t("topics.noneText")}</Empty>}
      {listen.data && listen.data.topics.length > 0 && (
        <div className={style.choices}>
          {listen.data.topics.map((heard) => (
            <Heard
              key={heard.topic}
              heard={heard}
              connection={connection}
              adopt={adopt}
              adoptMany={adoptMany}
            />
          ))}
        </div>
      )}
      {listen.data && listen.data.n_messages_beyond > 0 && (
        <p className="quiet small">{t("topics.beyond", { n: count(listen.data.n_messages_beyond) })}</p>
      )}
    </div>
  );
}

function Heard({ heard, connection, adopt, adoptMany }: Props & { heard: HeardTopic }) {
  const { t } = useTranslation();
  const values = heard.fields.filter(isValue);
  const time =
    heard.fields.find((field) => field.kind === "time") ??
    heard.fields.find((field) => /\/(ts|time|timestamp|t)$/i.test(field.pointer));
  const of = (field: HeardField): Partial<Source> => ({
    topic: heard.topic,
    value: field.pointer,
    ...(time && time !== field ? { time: time.pointer, ...timeFormat(time) } : {}),
  });
  return (
    <div>
      <div className={style.item}>
        <b className="grow" style={{ overflowWrap: "anywhere" }}>
          {heard.topic}
        </b>
        <span className="quiet small">{t("topics.seen", { n: count(heard.n_messages) })}</span>
        {adoptMany && values.length > 1 && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() =>
              adoptMany(
                values
                  .filter((one) => one !== time)
                  .map((one) => ({ id: nameOf(one), source: { connection: connection.id, ...of(one) } })),
              )
            }
          >
            {t("topics.all", { n: values.filter((one) => one !== time).length })}
          </Button>
        )}
        <code className="quiet" style={{ flexBasis: "100%", overflowWrap: "anywhere" }}>
          {heard.first_bytes.slice(0, 160)}
        </code>
      </div>
      {heard.fields.map((field) => (
        <button
          key={field.pointer}
          type="button"
          className={style.choice}
          onClick={() => adopt(isValue(field) ? of(field) : { time: field.pointer })}
        >
          <span className="mono">{field.pointer || "–"}</span>
          <b>{field.value}</b>
          <span className="small" style={{ color: "var(--accent-ink)" }}>
            {t(isValue(field) ? "topics.take" : "topics.takeTime")}
          </span>
        </button>
      ))}
    </div>
  );
}

/** Seconds have ten digits in our time, milliseconds thirteen, and so on; text is RFC 3339. */
export function timeFormat(field: HeardField): { time_format?: string } {
  const digits = /^\d+/.exec(field.value)?.[0].length ?? 0;
  const unit = /^\d+(\.\d+)?$/.test(field.value)
    ? { 10: "s", 13: "ms", 16: "us", 19: "ns" }[digits]
    : undefined;
  return unit ? { time_format: unit } : {};
}

const nameOf = (field: HeardField): string =>
  field.pointer
    .split("/")
    .filter(Boolean)
    .join("_")
    .replace(/[^A-Za-z0-9_.-]/g, "_") || "value";
