// What a check tells the PLC. A new output is a dry run; arming it is another act, after it was applied.
import { ActionIcon, Button, Checkbox, NumberInput, Select, TextInput } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLine } from "@/api/live";
import { type Check, type Connection, type Output, tidy, TYPES } from "@/api/written";
import { ArmingAct } from "@/parts/arming";
import { Badge } from "@/parts/mark";
import { Empty } from "@/parts/panel";
import style from "./configure.module.css";
import { freeName } from "./names";

type Props = {
  line: string;
  check: Check;
  connections: Connection[];
  readOnly: boolean;
  set: (outputs: Output[]) => void;
};

export function OutputsForm({ line, check, connections, readOnly, set }: Props) {
  const { t } = useTranslation();
  const outputs = check.outputs ?? [];
  const devices = connections.filter((one) => one.kind === "modbus-tcp").map((one) => one.id);
  const running = useLine(line)?.checks.find((one) => one.id === check.id)?.outputs;
  const add = () =>
    set([
      ...outputs,
      {
        id: freeName(
          "reject",
          outputs.map((one) => one.id),
        ),
        write: { connection: devices[0] ?? "", register: "coil:10" },
        value: { pass: false, fail: true, inconclusive: true },
        fail_safe: true,
        mode: "level",
      },
    ]);
  return (
    <div className="stack">
      {outputs.length === 0 && <Empty title={t("output.none")}>{t("output.noneText")}</Empty>}
      {outputs.map((output, i) => {
        const live = running?.find((one) => one.id === output.id);
        return (
          <div key={i} className="stack-tight">
            <div className="row wrap">
              <b>{output.id}</b>
              {live ? (
                <Badge of={live.armed ? "ok" : "unknown"}>
                  {t(live.armed ? "output.armed" : "output.dryRun")}
                </Badge>
              ) : (
                <Badge of="unknown">{t("configure.notApplied")}</Badge>
              )}
              <span className="grow" />
              {live && <ArmingAct line={line} check={check.id} output={live} />}
              {!readOnly && (
                <ActionIcon
                  aria-label={t("outputForm.remove", { id: output.id })}
                  onClick={() => set(outputs.filter((_, n) => n !== i))}
                >
                  <Trash2 size={16} />
                </ActionIcon>
              )}
            </div>
            <One
              output={output}
              devices={devices}
              readOnly={readOnly}
              set={(next) => set(outputs.map((old, n) => (n === i ? next : old)))}
            />
          </div>
        );
      })}
      {!readOnly && (
        <div>
          <Button
            variant="default"
            leftSection={<Plus size={16} />}
            disabled={devices.length === 0}
            onClick={add}
          >
            {t("outputForm.add")}
          </Button>
        </div>
      )}
      <p className="quiet small">{t("outputForm.about")}</p>
    </div>
  );
}

function One({
  output,
  devices,
  readOnly,
  set,
}: {
  output: Output;
  devices: string[];
  readOnly: boolean;
  set: (next: Output) => void;
}) {
  const { t } = useTranslation();
  const change = (next: Partial<Output>) => set(tidy({ ...output, ...next }));
  const isBit = typeof output.fail_safe === "boolean";
  const value = (label: string, now: boolean | number, put: (next: boolean | number) => void) =>
    isBit ? (
      <Select
        label={label}
        data={[
          { value: "true", label: t("outputForm.on") },
          { value: "false", label: t("outputForm.off") },
        ]}
        value={String(now)}
        onChange={(next) => put(next === "true")}
      />
    ) : (
      <NumberInput label={label} value={Number(now)} onChange={(next) => put(Number(next) || 0)} />
    );
  return (
    <fieldset disabled={readOnly} style={{ border: 0, padding: 0, margin: 0 }}>
      <div className={style.form}>
        <TextInput
          label={t("configure.name")}
          value={output.id}
          onChange={(event) => change({ id: event.currentTarget.value })}
        />
        <Select
          label={t("tags.connection")}
          data={devices}
          value={output.write.connection}
          onChange={(connection) => connection && change({ write: { ...output.write, connection } })}
        />
        <TextInput
          label={t("tag.register")}
          value={String(output.write.register)}
          onChange={(event) => change({ write: { ...output.write, register: event.currentTarget.value } })}
        />
        {!isBit && (
          <Select
            label={t("tag.type")}
            data={[...TYPES]}
            value={output.write.type ?? "u16"}
            onChange={(type) => change({ write: { ...output.write, type: type ?? undefined } })}
          />
        )}
        {value(t("outputForm.onPass"), output.value.pass, (pass) =>
          change({ value: { ...output.value, pass } }),
        )}
        {value(t("outputForm.onFail"), output.value.fail, (fail) =>
          change({ value: { ...output.value, fail } }),
        )}
        {value(t("outputForm.onUnsure"), output.value.inconclusive, (inconclusive) =>
          change({ value: { ...output.value, inconclusive } }),
        )}
        {value(t("outputForm.failSafe"), output.fail_safe, (fail_safe) => change({ fail_safe }))}
        <Select
          label={t("outputForm.mode")}
          data={(["level", "pulse", "handshake"] as const).map((mode) => ({
            value: mode,
            label: t(`mode.${mode}`),
          }))}
          value={output.mode ?? "level"}
          onChange={(mode) => change({ mode: mode ?? undefined })}
        />
        {output.mode === "pulse" && (
          <TextInput
            label={t("outputForm.duration")}
            placeholder="200ms"
            value={output.duration ?? ""}
            onChange={(event) => change({ duration: event.currentTarget.value })}
          />
        )}
        {!isBit && (
          <NumberInput
            label={t("outputForm.min")}
            value={output.min ?? ""}
            onChange={(n) => change({ min: typeof n === "number" ? n : undefined })}
          />
        )}
        {!isBit && (
          <NumberInput
            label={t("outputForm.max")}
            value={output.max ?? ""}
            onChange={(n) => change({ max: typeof n === "number" ? n : undefined })}
          />
        )}
        <Checkbox
          className={style.wide}
          label={t("outputForm.readBack")}
          checked={output.read_back ?? false}
          onChange={(event) => change({ read_back: event.currentTarget.checked || undefined })}
        />
      </div>
    </fieldset>
  );
}
