// The register scan: which addresses of a device can be read, and what is in them now.
import { Button, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { ScanLine } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useMay } from "@/api/session";
import type { Stretch } from "@/api/types";
import { asked, type Connection } from "@/api/written";
import { Empty, Panel, Trouble } from "@/parts/panel";
import { count } from "@/text/format";
import style from "./configure.module.css";

/** Registers of a row, as a memory dump shows them. */
const PER_ROW = 8;
/** Rows of one stretch that are drawn; the gateway reads at most 2,000 registers. */
const ROWS_MAX = 64;

export function ScanPanel({ connections }: { connections: Connection[] }) {
  const { t } = useTranslation();
  const devices = connections.filter((one) => one.kind === "modbus-tcp");
  const [chosen, setChosen] = useState<string>();
  const [registers, setRegisters] = useState("holding:0..100");
  const device = devices.find((one) => one.id === chosen) ?? devices[0];
  const may = useMay("engineer");
  const scan = useMutation({
    mutationFn: (connection: Connection) =>
      data(api.POST("/api/v1/field/scan", { body: { connection: asked(connection), registers } })),
  });
  if (!device || !may) return null;
  return (
    <Panel title={t("scan.title")}>
      <form
        className="stack-tight"
        onSubmit={(event) => {
          event.preventDefault();
          scan.mutate(device);
        }}
      >
        <p className="quiet small">{t("scan.about")}</p>
        <div className="row wrap" style={{ alignItems: "flex-end" }}>
          {devices.length > 1 && (
            <Select
              label={t("tags.connection")}
              data={devices.map((one) => one.id)}
              value={device.id}
              onChange={(next) => setChosen(next ?? undefined)}
            />
          )}
          <TextInput
            label={t("scan.registers")}
            placeholder="holding:0..100"
            value={registers}
            spellCheck={false}
            onChange={(event) => setRegisters(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            leftSection={<ScanLine size={16} />}
            loading={scan.isPending}
            disabled={!registers.trim()}
          >
            {t("scan.act")}
          </Button>
        </div>
        {scan.error && <Trouble of={scan.error} />}
        {scan.data && (
          <div className="stack-tight" aria-live="polite">
            <p className="soft">
              {t("scan.found", { count: scan.data.n_read, unit: scan.data.unit })}
              {scan.data.ended_by && ` ${scan.data.ended_by}`}
            </p>
            {scan.data.stretches.length === 0 && <Empty title={t("scan.none")}>{t("scan.noneText")}</Empty>}
            {scan.data.stretches.map((one) => (
              <StretchView key={one.from} of={one} />
            ))}
          </div>
        )}
      </form>
    </Panel>
  );
}

function StretchView({ of }: { of: Stretch }) {
  const { t } = useTranslation();
  const values = of.registers ?? of.bits?.map(Number);
  const [table = "", first = "0"] = of.from.split(":");
  const start = Number(first);
  if (!values)
    return (
      <p className="small quiet">
        <span className="mono">
          {table}:{start}…{start + of.n - 1}
        </span>{" "}
        {of.exception == null ? t("scan.unread") : t("scan.refused", { code: of.exception })}
      </p>
    );
  const rows = Array.from({ length: Math.min(ROWS_MAX, Math.ceil(values.length / PER_ROW)) }, (_, i) =>
    values.slice(i * PER_ROW, (i + 1) * PER_ROW),
  );
  return (
    <div className="scroll-x">
      <table className={style.dump}>
        <caption className="hidden-text">{t("scan.stretch", { from: of.from, n: count(of.n) })}</caption>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              <th scope="row">
                {table}:{start + i * PER_ROW}
              </th>
              {row.map((value, n) => (
                <td key={n} className={value === 0 ? "quiet" : undefined}>
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
