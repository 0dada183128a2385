// Read now: the raw bytes of a register, and what they would mean in every type and order, likeliest first.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Radar } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import type { Guess } from "@/api/types";
import { useMay } from "@/api/session";
import { asked, type Connection, type Source } from "@/api/written";
import { Trouble } from "@/parts/panel";
import { figure, percent } from "@/text/format";
import style from "./configure.module.css";

type Props = { connection: Connection; source: Source; adopt: (guess: Guess) => void };

export function ReadNow({ connection, source, adopt }: Props) {
  const { t } = useTranslation();
  const may = useMay("engineer");
  const read = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/field/read", {
          body: { connection: asked(connection), register: String(source.register), unit: source.unit },
        }),
      ),
  });
  if (!may) return null;
  const raw = read.data?.bytes;
  return (
    <div className="stack-tight">
      <div className="row wrap">
        <Button
          variant="default"
          leftSection={<Radar size={16} />}
          disabled={!source.register}
          loading={read.isPending}
          onClick={() => read.mutate()}
        >
          {t("read.act")}
        </Button>
        {raw && <span className="mono">{raw}</span>}
      </div>
      {read.error && <Trouble of={read.error} />}
      {read.data && (
        <div className={style.choices} role="group" aria-label={t("read.guesses")}>
          {read.data.guesses
            .filter((guess) => guess.value != null)
            .map((guess) => (
              <button
                key={`${guess.type}/${guess.order}`}
                type="button"
                className={style.choice}
                onClick={() => adopt(guess)}
                aria-pressed={
                  (source.type ?? "u16") === guess.type &&
                  (source.order?.toLowerCase() ?? "abcd") === guess.order.toLowerCase()
                }
              >
                <span className="mono">
                  {guess.type} {guess.order}
                </span>
                <b>{typeof guess.value === "number" ? figure(guess.value, 6) : String(guess.value)}</b>
                <span
                  className={style.bar}
                  role="img"
                  aria-label={t("read.plausible", { share: percent(guess.plausibility, 0) })}
                >
                  <i style={{ width: `${Math.round(guess.plausibility * 100)}%` }} />
                </span>
              </button>
            ))}
        </div>
      )}
    </div>
  );
}
