// One tag: its source on a PLC or in a message, tried against the real device before it is saved.
import { Button, NumberInput, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Connection, EXPORTS, ORDERS, type Source, type Tag, tidy, TYPES } from "@/api/written";
import style from "./configure.module.css";
import { MappingResult } from "./mapping";
import { nameFault } from "./names";
import { ReadNow } from "./read-now";
import { Topics } from "./topics";

type Props = {
  of: Tag | undefined;
  connections: Connection[];
  taken: string[];
  readOnly: boolean;
  save: (tag: Tag) => void;
  saveMany: (tags: Tag[]) => void;
};

export function TagForm({ of, connections, taken, readOnly, save, saveMany }: Props) {
  const { t } = useTranslation();
  const [tag, setTag] = useState<Tag>(
    () => of ?? { id: "", source: { connection: connections[0]?.id ?? "" } },
  );
  const source = tag.source;
  const connection = connections.find((one) => one.id === source.connection);
  const set = (next: Partial<Tag>) => setTag((old) => ({ ...old, ...next }));
  const setSource = (next: Partial<Source>) =>
    setTag((old) => ({ ...old, source: { ...old.source, ...next } }));
  const fault = nameFault(tag.id, taken);
  const range = (i: 0 | 1, value: number | string) => {
    const next: (number | undefined)[] = [tag.range?.[0], tag.range?.[1]];
    next[i] = typeof value === "number" ? value : undefined;
    set({
      range:
        next[0] !== undefined && next[1] !== undefined
          ? [next[0], next[1]]
          : (next.filter((n) => n !== undefined) as number[]),
    });
  };
  const done = () => {
    const { range: given, ...rest } = tag;
    save(tidy(given?.length === 2 ? { ...rest, range: given } : rest));
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!fault) done();
      }}
    >
      <fieldset disabled={readOnly} style={{ border: 0, padding: 0, margin: 0 }} className="stack">
        <div className={style.form}>
          <TextInput
            label={t("configure.name")}
            value={tag.id}
            spellCheck={false}
            onChange={(event) => set({ id: event.currentTarget.value })}
            error={tag.id && fault ? t(`configure.${fault}`) : undefined}
          />
          <Select
            label={t("tags.connection")}
            data={connections.map((one) => one.id)}
            value={source.connection}
            onChange={(id) => id && set({ source: { connection: id } })}
          />
        </div>
        {connection?.kind === "modbus-tcp" && <Modbus source={source} set={setSource} />}
        {connection?.kind === "mqtt" && <Mqtt source={source} set={setSource} />}
        {connection?.kind === "replay" && (
          <TextInput
            label={t("tag.column")}
            value={source.column ?? ""}
            onChange={(event) => setSource({ column: event.currentTarget.value })}
          />
        )}
        {connection?.kind === "modbus-tcp" && (
          <ReadNow
            connection={connection}
            source={source}
            adopt={(guess) => setSource({ type: guess.type, order: guess.order })}
          />
        )}
        {connection?.kind === "mqtt" && <MappingResult connection={connection} tag={tag} />}
        {connection?.kind === "mqtt" && !readOnly && (
          <Topics
            connection={connection}
            adopt={(next) => setSource(next)}
            adoptMany={of ? undefined : saveMany}
          />
        )}
        <div className={style.form}>
          <TextInput
            label={t("tags.unit")}
            placeholder="kN, mm, °C"
            value={tag.unit ?? ""}
            onChange={(event) => set({ unit: event.currentTarget.value })}
          />
          <NumberInput
            label={t("tag.low")}
            description={t("tag.rangeAbout")}
            value={tag.range?.[0] ?? ""}
            onChange={(value) => range(0, value)}
          />
          <NumberInput
            label={t("tag.high")}
            description={t("tag.rangeAbout2")}
            value={tag.range?.[1] ?? ""}
            onChange={(value) => range(1, value)}
          />
          <Select
            label={t("tag.export")}
            description={t("tag.exportAbout")}
            data={EXPORTS.map((value) => ({ value, label: t(`export.${value}`) }))}
            value={tag.export ?? "same-site"}
            onChange={(value) => set({ export: value ?? undefined })}
          />
        </div>
      </fieldset>
      {!readOnly && (
        <Button type="submit" disabled={fault !== undefined}>
          {t("tag.take")}
        </Button>
      )}
    </form>
  );
}

type Part = { source: Source; set: (next: Partial<Source>) => void };

function Modbus({ source, set }: Part) {
  const { t } = useTranslation();
  return (
    <div className={style.form}>
      <TextInput
        label={t("tag.register")}
        description={t("tag.registerAbout")}
        placeholder="holding:100"
        value={source.register === undefined ? "" : String(source.register)}
        onChange={(event) => set({ register: event.currentTarget.value })}
      />
      <Select
        label={t("tag.type")}
        data={[...TYPES]}
        value={source.type ?? "u16"}
        onChange={(type) => set({ type: type ?? undefined })}
      />
      <Select
        label={t("tag.order")}
        data={[...ORDERS]}
        value={source.order?.toLowerCase() ?? "abcd"}
        onChange={(order) => set({ order: order ?? undefined })}
      />
      <TextInput
        label={t("tag.every")}
        placeholder="100ms"
        value={source.every ?? ""}
        onChange={(event) => set({ every: event.currentTarget.value })}
      />
      <NumberInput
        label={t("tag.scale")}
        value={source.scale ?? ""}
        onChange={(n) => set({ scale: typeof n === "number" ? n : undefined })}
      />
      <NumberInput
        label={t("tag.offset")}
        value={source.offset ?? ""}
        onChange={(n) => set({ offset: typeof n === "number" ? n : undefined })}
      />
      <NumberInput
        label={t("tag.bit")}
        min={0}
        max={15}
        value={source.bit ?? ""}
        onChange={(n) => set({ bit: typeof n === "number" ? n : undefined })}
      />
      <NumberInput
        label={t("connection.unit")}
        min={0}
        max={247}
        value={source.unit ?? ""}
        onChange={(n) => set({ unit: typeof n === "number" ? n : undefined })}
      />
    </div>
  );
}

function Mqtt({ source, set }: Part) {
  const { t } = useTranslation();
  return (
    <div className={style.form}>
      <TextInput
        className={style.wide}
        label={t("tag.topic")}
        placeholder="press-3/state"
        value={source.topic ?? ""}
        onChange={(event) => set({ topic: event.currentTarget.value })}
      />
      <TextInput
        label={t("tag.pointer")}
        description={t("tag.pointerAbout")}
        placeholder="/vib/rms"
        value={source.value ?? ""}
        onChange={(event) => set({ value: event.currentTarget.value })}
      />
      <TextInput
        label={t("tag.time")}
        description={t("tag.timeAbout")}
        placeholder="/ts"
        value={source.time ?? ""}
        onChange={(event) => set({ time: event.currentTarget.value })}
      />
      <Select
        label={t("tag.timeFormat")}
        data={["rfc3339", "s", "ms", "us", "ns"]}
        clearable
        allowDeselect
        value={source.time_format ?? null}
        onChange={(value) => set({ time_format: value ?? undefined })}
      />
    </div>
  );
}
