// What asks for a response: active first, with what to do; acknowledge, shelve, take out of service.
import { Button, Menu, Modal, SegmentedControl, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { BellOff, Check, MoreHorizontal } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAlarmAct, useAlarms } from "@/api/alarms";
import type { Alarm, AlarmOrder, Alarms } from "@/api/types";
import { useMay } from "@/api/session";
import { Mark } from "@/parts/mark";
import { Answer, Empty, PageHead, Panel, Trouble } from "@/parts/panel";
import { moment } from "@/text/format";
import { localTimes } from "@/text/times";
import { PlaceName } from "../overview/faults";
import { isActive, isAway, isOpen, priorityOf, signOf, stateOf } from "./words";
import style from "./alarms.module.css";

/** ISA-18.2 wants every shelving to end by itself. */
const SHELVES_MIN = [15, 60, 480] as const;

export default function AlarmsPage() {
  const { t } = useTranslation();
  const alarms = useAlarms();
  const [shown, setShown] = useState("active");
  return (
    <>
      <PageHead title={t("alarms.title")} about={t("alarms.about")}>
        <SegmentedControl
          aria-label={t("alarms.which")}
          value={shown}
          onChange={setShown}
          data={(["active", "shelved", "all"] as const).map((value) => ({
            value,
            label: t(`alarms.${value}`),
          }))}
        />
      </PageHead>
      <Answer of={alarms}>{(answer) => <List answer={answer} shown={shown} />}</Answer>
    </>
  );
}

function List({ answer, shown }: { answer: Alarms; shown: string }) {
  const { t } = useTranslation();
  const act = useAlarmAct();
  const listed = answer.alarms.filter(
    (alarm) => shown === "all" || (shown === "active" ? isActive(alarm) : isAway(alarm)),
  );
  return (
    <div className="stack">
      {answer.flood.on && (
        <p className={style.flood}>
          <Mark of="bad" size={13} /> {t("alarms.flood", { n: answer.flood.n })}
        </p>
      )}
      {act.error && <Trouble of={act.error} />}
      <Panel flush>
        {listed.length === 0 ? (
          <Empty title={t(shown === "active" ? "alarms.none" : "alarms.noneSuch")}>
            {t("alarms.noneText")}
          </Empty>
        ) : (
          <ul>
            {listed.map((alarm) => (
              <Row
                key={alarm.id}
                alarm={alarm}
                act={(what, body) => act.mutate({ id: alarm.id, act: what, body })}
              />
            ))}
          </ul>
        )}
      </Panel>
    </div>
  );
}

function Row({ alarm, act }: { alarm: Alarm; act: (what: string, body?: AlarmOrder) => void }) {
  const { t } = useTranslation();
  const [mayAck, mayRemove] = [useMay("operator"), useMay("engineer")];
  const [isShelving, shelving] = useDisclosure(false);
  const open = isOpen(alarm);
  const away = isAway(alarm);
  return (
    <li className={`${style.alarm} ${open ? style.open : ""}`}>
      <Mark of={signOf(alarm)} size={15} label={t(`alarmState.${stateOf(alarm)}`)} />
      <div className={style.words}>
        <p>
          <PlaceName place={alarm.place} /> {localTimes(alarm.text)}
        </p>
        <p className="quiet small">
          {t(`alarmState.${stateOf(alarm)}`)} · {t(`priority.${priorityOf(alarm)}`)} ·{" "}
          {t("alarms.since", { time: moment(alarm.since) })}
          {alarm.by ? ` · ${alarm.by}` : ""}
          {alarm.shelved_until ? ` · ${t("alarms.until", { time: moment(alarm.shelved_until) })}` : ""}
        </p>
      </div>
      {open && mayAck && (
        <Button variant="default" leftSection={<Check size={16} />} onClick={() => act("acknowledge")}>
          {t("alarms.acknowledge")}
        </Button>
      )}
      {away && mayAck && (
        <Button variant="default" onClick={() => act(alarm.state === "shelved" ? "unshelve" : "in-service")}>
          {t("alarms.bringBack")}
        </Button>
      )}
      {!away && mayAck && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" aria-label={t("alarms.more", { place: alarm.place })}>
              <MoreHorizontal size={16} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<BellOff size={15} />} onClick={shelving.open}>
              {t("alarms.shelve")}
            </Menu.Item>
            {mayRemove && (
              <Menu.Item onClick={() => act("out-of-service")}>{t("alarms.outOfService")}</Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
      <Modal
        opened={isShelving}
        onClose={shelving.close}
        title={t("alarms.shelveTitle", { place: alarm.place })}
      >
        <Shelve
          act={(body) => {
            shelving.close();
            act("shelve", body);
          }}
        />
      </Modal>
    </li>
  );
}

/** For how long, and why: whoever finds it put aside must know. */
function Shelve({ act }: { act: (body: AlarmOrder) => void }) {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useState<number>(SHELVES_MIN[0]);
  const [note, setNote] = useState("");
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        act({ minutes, note });
      }}
    >
      <SegmentedControl
        fullWidth
        aria-label={t("alarms.howLong")}
        value={String(minutes)}
        onChange={(next) => setMinutes(Number(next))}
        data={SHELVES_MIN.map((n) => ({
          value: String(n),
          label: n < 60 ? `${n} min` : `${n / 60} h`,
        }))}
      />
      <TextInput
        label={t("alarms.note")}
        description={t("alarms.noteAbout")}
        value={note}
        maxLength={200}
        data-autofocus
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Button type="submit" disabled={!note.trim()}>
        {t("alarms.shelveAct")}
      </Button>
    </form>
  );
}
