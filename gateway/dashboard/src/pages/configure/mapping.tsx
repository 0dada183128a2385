// What a mapping makes of the next real message, by the code that will read it: seen before anything is saved.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Wand2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useMay } from "@/api/session";
import type { MappedTag } from "@/api/types";
import { asked, type Connection, type Tag, tidy } from "@/api/written";
import { Mark } from "@/parts/mark";
import { Trouble } from "@/parts/panel";
import { clockMs, figure } from "@/text/format";
import style from "./configure.module.css";

/** How long the next message is waited for. */
const WAIT_S = 10;

export function MappingResult({ connection, tag }: { connection: Connection; tag: Tag }) {
  const { t } = useTranslation();
  const may = useMay("engineer");
  const map = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/field/mapping", {
          body: {
            connection: asked(connection),
            tags: [tidy({ ...tag, id: tag.id || "tag" })],
            seconds: WAIT_S,
          },
        }),
      ),
  });
  if (!may) return null;
  return (
    <div className="stack-tight">
      <div>
        <Button
          variant="default"
          leftSection={<Wand2 size={16} />}
          disabled={!tag.source.topic}
          loading={map.isPending}
          onClick={() => map.mutate()}
        >
          {t("mapping.act")}
        </Button>
      </div>
      {map.error && <Trouble of={map.error} />}
      {map.data && (
        <div className={style.mapped} role="group" aria-label={t("mapping.result")} aria-live="polite">
          <span className="small quiet">
            {map.data.topic} · {map.data.n_bytes} B
          </span>
          <code className="small" style={{ overflowWrap: "anywhere" }}>
            {map.data.payload.slice(0, 240)}
          </code>
          {map.data.tags.map((one) => (
            <Mapped key={one.tag} of={one} />
          ))}
          {map.data.rejects.map((why) => (
            <p key={why}>
              <Mark of="bad" size={11} /> {why}
            </p>
          ))}
        </div>
      )}
    </div>
  );
}

function Mapped({ of }: { of: MappedTag }) {
  const { t } = useTranslation();
  if (of.n === 0)
    return (
      <p>
        <Mark of="warn" size={11} /> {t("mapping.nothing")}
      </p>
    );
  return (
    <>
      {of.readings.map((one, i) => (
        <p key={i}>
          <Mark of={one.quality === "good" ? "ok" : one.quality === "bad" ? "bad" : "warn"} size={11} />{" "}
          <b>{typeof one.value === "number" ? figure(one.value, 6) : String(one.value ?? "–")}</b> {of.unit}{" "}
          <span className="quiet small">
            {clockMs(one.at)}
            {one.why ? ` · ${one.why}` : ""}
          </span>
        </p>
      ))}
    </>
  );
}
