// Time travel: the last minutes live, any past span by preset, step, drag or typed times.
import { ActionIcon, Button, Popover, TextInput } from "@mantine/core";
import { ChevronLeft, ChevronRight, CalendarClock, Radio } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LineSearch } from "@/app/routes";
import { lasting, stamp, zoneName } from "@/text/format";
import { fromLocal, toLocal } from "@/text/zone";
import { BACK_DEFAULT, PRESETS, type Span, stepped } from "./span";
import style from "./span-bar.module.css";

type Go = (next: Partial<Pick<LineSearch, "back" | "from" | "to">>) => void;

export function SpanBar({ span, back, go }: { span: Span; back: number | undefined; go: Go }) {
  const { t } = useTranslation();
  const shown = span.live ? (back ?? BACK_DEFAULT) : undefined;
  const live = (ms: number) =>
    go({ back: ms === BACK_DEFAULT ? undefined : ms, from: undefined, to: undefined });
  const step = (direction: -1 | 1) => {
    const next = stepped(span, direction, Date.now());
    if (next) go({ ...next, back: undefined });
    else live(Math.round(span.to - span.from));
  };
  return (
    <div className={style.bar} role="group" aria-label={t("span.title")}>
      <div className={style.presets}>
        {PRESETS.map(([name, ms]) => (
          <button key={name} type="button" aria-pressed={shown === ms} onClick={() => live(ms)}>
            {t(`span.${name}`)}
          </button>
        ))}
      </div>
      <ActionIcon
        variant="default"
        aria-label={t("span.earlier")}
        title={t("span.earlier")}
        onClick={() => step(-1)}
      >
        <ChevronLeft size={18} />
      </ActionIcon>
      <ActionIcon
        variant="default"
        aria-label={t("span.later")}
        title={t("span.later")}
        disabled={span.live}
        onClick={() => step(1)}
      >
        <ChevronRight size={18} />
      </ActionIcon>
      <Custom span={span} go={go} />
      {span.live ? (
        <span className={style.live}>
          <i aria-hidden />
          {t("span.live")}
        </span>
      ) : (
        <Button variant="light" leftSection={<Radio size={16} />} onClick={() => live(BACK_DEFAULT)}>
          {t("span.back")}
        </Button>
      )}
      <span className={style.zone}>{t("span.zone", { zone: zoneName() })}</span>
    </div>
  );
}

function Custom({ span, go }: { span: Span; go: Go }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const open = () => {
    setFrom(toLocal(span.from));
    setTo(toLocal(span.to));
    setOpened((was) => !was);
  };
  const [start, end] = [fromLocal(from), fromLocal(to)];
  const wrong = start === undefined || end === undefined || end <= start;
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus position="bottom-start" shadow="md">
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<CalendarClock size={16} />}
          onClick={open}
          className={style.custom}
        >
          {span.live ? t("span.custom") : `${stamp(span.from)} · ${lasting((span.to - span.from) / 1_000)}`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="stack-tight"
          onSubmit={(event) => {
            event.preventDefault();
            if (start === undefined || end === undefined || end <= start) return;
            go({ from: start, to: end, back: undefined });
            setOpened(false);
          }}
        >
          <TextInput
            type="datetime-local"
            step={1}
            label={t("span.from")}
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextInput
            type="datetime-local"
            step={1}
            label={t("span.to")}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
            error={wrong ? t("span.wrong") : undefined}
          />
          <Button type="submit" disabled={wrong}>
            {t("span.show")}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
