// The simulated press as something to practise on: where it is, and what its registers hold.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Connection, Tag } from "@/api/written";
import { Listing } from "@/parts/listing";
import { Panel } from "@/parts/panel";
import { freeName } from "../configure/names";

/** As `takt-demo --practice` says it when it starts. */
const COMMAND = "cargo xtask demo -- --practice";
const PRESS = {
  kind: "modbus-tcp" as const,
  address: "127.0.0.1:5020",
  unit: 1,
  connections_max: 2,
  write_connection: true,
} satisfies Partial<Connection>;
const NAME = "practice-press";
const REGISTERS: readonly { id: string; register: string; type: string; unit?: string }[] = [
  { id: "part_no", register: "input:2", type: "u32" },
  { id: "ram_force", register: "input:4", type: "f32", unit: "kN" },
  { id: "ram_position", register: "input:6", type: "f32", unit: "mm" },
  { id: "oil_temp", register: "input:8", type: "f32", unit: "°C" },
];

/** How to start it, and a connection to it that is filled in. */
export function PracticePress({ taken, take }: { taken: string[]; take: (connection: Connection) => void }) {
  const { t } = useTranslation();
  return (
    <Panel title={t("practice.title")}>
      <div className="stack-tight">
        <p className="soft">{t("practice.about")}</p>
        <p>
          <code>{COMMAND}</code>
        </p>
        <div>
          <Button variant="default" onClick={() => take({ id: freeName(NAME, taken), ...PRESS })}>
            {t("practice.take", { address: PRESS.address })}
          </Button>
        </div>
      </div>
    </Panel>
  );
}

/** Its registers, as a manual would list them; only beside tags that could come from it. */
export function PracticeTags({
  connections,
  tags,
  add,
}: {
  connections: readonly Connection[];
  tags: readonly Tag[];
  add: (more: Tag[]) => void;
}) {
  const { t } = useTranslation();
  const press = connections.find((one) => one.address === PRESS.address || one.id.startsWith(NAME));
  const missing = REGISTERS.filter((one) => !tags.some((tag) => tag.id === one.id));
  if (!press || missing.length === 0) return null;
  return (
    <Panel
      title={t("practice.registers")}
      flush
      aside={
        <Button
          variant="default"
          onClick={() =>
            add(
              missing.map(({ id, unit, register, type }) => ({
                id,
                source: { connection: press.id, register, type, every: "10ms" },
                ...(unit ? { unit } : {}),
              })),
            )
          }
        >
          {t("practice.takeAll")}
        </Button>
      }
    >
      <Listing
        rows={missing}
        keyOf={(one) => one.id}
        columns={[
          { name: t("configure.name"), title: true, cell: (one) => one.id },
          { name: t("tag.register"), cell: (one) => <span className="mono">{one.register}</span> },
          { name: t("tag.type"), cell: (one) => <span className="mono">{one.type}</span> },
          { name: t("tags.unit"), cell: (one) => one.unit },
        ]}
      />
    </Panel>
  );
}
