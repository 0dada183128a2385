// One connection: where it leads, as whom, and a live test of every step on the way.
import { Button, Checkbox, NumberInput, SegmentedControl, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { PlugZap } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useMay } from "@/api/session";
import { bareConnection, type Connection, tidy } from "@/api/written";
import { Mark } from "@/parts/mark";
import { Trouble } from "@/parts/panel";
import { millis } from "@/text/format";
import style from "./configure.module.css";
import { nameFault } from "./names";

type Props = {
  of: Connection | undefined;
  /** What a new one begins with. */
  filled?: Connection | undefined;
  taken: string[];
  readOnly: boolean;
  save: (connection: Connection) => void;
};
const FIRST: Connection = { id: "", kind: "modbus-tcp", address: "", unit: 1 };

export function ConnectionForm({ of, filled, taken, readOnly, save }: Props) {
  const { t } = useTranslation();
  const [shown, setShown] = useState<Connection>(() => ({
    ...(of ? bareConnection(of) : (filled ?? FIRST)),
  }));
  const set = (next: Partial<Connection>) => setShown((old) => ({ ...old, ...next }));
  const fault = nameFault(
    shown.id,
    taken.filter((id) => id !== of?.id),
  );
  const target = shown.kind === "mqtt" ? shown.url : shown.kind === "replay" ? shown.file : shown.address;
  const whole = !fault && Boolean(target?.trim());
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (whole) save(tidy(shown));
      }}
    >
      {readOnly && of && <p className="quiet">{t("connection.readOnly")}</p>}
      <fieldset disabled={readOnly} style={{ border: 0, padding: 0, margin: 0 }} className="stack">
        <SegmentedControl
          aria-label={t("connection.kind")}
          value={shown.kind}
          disabled={of !== undefined}
          onChange={(kind) => set({ kind: kind as Connection["kind"] })}
          data={[
            { value: "modbus-tcp", label: "Modbus TCP" },
            { value: "mqtt", label: "MQTT" },
            { value: "replay", label: t("connection.replay") },
          ]}
        />
        <TextInput
          label={t("configure.name")}
          value={shown.id}
          disabled={of !== undefined}
          spellCheck={false}
          onChange={(event) => set({ id: event.currentTarget.value })}
          error={shown.id && fault ? t(`configure.${fault}`) : undefined}
        />
        {shown.kind === "modbus-tcp" && <Modbus shown={shown} set={set} />}
        {shown.kind === "mqtt" && <Mqtt shown={shown} set={set} />}
        {shown.kind === "replay" && (
          <TextInput
            label={t("connection.file")}
            description={t("connection.fileAbout")}
            value={shown.file ?? ""}
            onChange={(event) => set({ file: event.currentTarget.value })}
          />
        )}
      </fieldset>
      <LiveTest connection={tidy(shown)} ready={Boolean(target?.trim())} />
      {!readOnly && (
        <Button type="submit" disabled={!whole}>
          {t("connection.take")}
        </Button>
      )}
    </form>
  );
}

type Part = { shown: Connection; set: (next: Partial<Connection>) => void };

function Modbus({ shown, set }: Part) {
  const { t } = useTranslation();
  return (
    <div className={style.form}>
      <TextInput
        className={style.wide}
        label={t("connection.address")}
        placeholder="10.0.0.10:502"
        value={shown.address ?? ""}
        onChange={(event) => set({ address: event.currentTarget.value })}
      />
      <NumberInput
        label={t("connection.unit")}
        min={0}
        max={247}
        value={shown.unit ?? ""}
        onChange={(unit) => set({ unit: typeof unit === "number" ? unit : undefined })}
      />
      <TextInput
        label={t("connection.timeout")}
        placeholder="200ms"
        value={shown.timeout ?? ""}
        onChange={(event) => set({ timeout: event.currentTarget.value })}
      />
      <NumberInput
        label={t("connection.perRead")}
        description={t("connection.perReadAbout")}
        min={1}
        max={125}
        value={shown.registers_per_read ?? ""}
        onChange={(n) => set({ registers_per_read: typeof n === "number" ? n : undefined })}
      />
      <TextInput
        label={t("connection.pause")}
        placeholder="0ms"
        value={shown.pause_between_requests ?? ""}
        onChange={(event) => set({ pause_between_requests: event.currentTarget.value })}
      />
      <Checkbox
        className={style.wide}
        label={t("connection.writeConnection")}
        description={t("connection.writeConnectionAbout")}
        checked={shown.write_connection ?? false}
        onChange={(event) => {
          const own = event.currentTarget.checked;
          // The second connection is for the writes.
          set({
            write_connection: own || undefined,
            connections_max: own ? Math.max(2, shown.connections_max ?? 0) : undefined,
          });
        }}
      />
    </div>
  );
}

function Mqtt({ shown, set }: Part) {
  const { t } = useTranslation();
  return (
    <div className={style.form}>
      <TextInput
        className={style.wide}
        label={t("connection.url")}
        placeholder="mqtts://broker:8883"
        value={shown.url ?? ""}
        onChange={(event) => set({ url: event.currentTarget.value })}
      />
      <TextInput
        label={t("signIn.user")}
        value={shown.user ?? ""}
        autoComplete="off"
        onChange={(event) => set({ user: event.currentTarget.value })}
      />
      <TextInput
        label={t("connection.secret")}
        description={t("connection.secretAbout")}
        placeholder="secret:broker"
        value={shown.password ?? ""}
        autoComplete="off"
        onChange={(event) => set({ password: event.currentTarget.value })}
      />
      <TextInput
        label={t("connection.clientId")}
        value={shown.client_id ?? ""}
        onChange={(event) => set({ client_id: event.currentTarget.value })}
      />
      <TextInput
        label={t("connection.ca")}
        value={shown.ca ?? ""}
        onChange={(event) => set({ ca: event.currentTarget.value })}
      />
      <Checkbox
        className={style.wide}
        label={t("connection.persistent")}
        description={t("connection.persistentAbout")}
        checked={shown.clean_session === false}
        onChange={(event) => set({ clean_session: event.currentTarget.checked ? false : undefined })}
      />
      <Checkbox
        className={style.wide}
        label={t("connection.verdicts")}
        description={t("connection.verdictsAbout")}
        checked={shown.verdicts ?? false}
        onChange={(event) => set({ verdicts: event.currentTarget.checked || undefined })}
      />
    </div>
  );
}

/** Tries the connection as typed, step by step, without saving it. */
export function LiveTest({ connection, ready }: { connection: Connection; ready: boolean }) {
  const { t } = useTranslation();
  const may = useMay("engineer");
  const test = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/field/test", {
          body: { connection: { ...connection, id: connection.id || "test" } },
        }),
      ),
  });
  if (!may) return null;
  return (
    <div className="stack-tight">
      <div>
        <Button
          variant="default"
          leftSection={<PlugZap size={16} />}
          disabled={!ready}
          loading={test.isPending}
          onClick={() => test.mutate()}
        >
          {t("connection.test")}
        </Button>
      </div>
      {test.error && <Trouble of={test.error} />}
      {test.data && (
        <ol className={style.steps} aria-live="polite">
          {test.data.steps.map((step) => (
            <li key={step.name}>
              <Mark
                of={step.ok ? "ok" : "bad"}
                size={12}
                label={t(step.ok ? "connection.stepOk" : "connection.stepBad")}
              />
              <b>{step.name}</b>
              <span className="soft">{step.text}</span>
              <span className="quiet small">{millis(step.ms)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
