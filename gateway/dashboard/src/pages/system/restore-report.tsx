// What a backup would change here, before anybody says yes.
import { useTranslation } from "react-i18next";
import type { RestoreChange, RestoreReport as Report } from "@/api/types";
import { Listing } from "@/parts/listing";
import { Mark, type Standing } from "@/parts/mark";
import { Pair, Pairs, Trouble } from "@/parts/panel";
import { bytes, moment } from "@/text/format";
import { DifferenceTable, problemOf } from "../configure/draft-bar";

const SIGNS: Record<RestoreChange, Standing> = { added: "ok", changed: "warn", same: "idle", removed: "bad" };

export function RestoreReport({ of }: { of: Report }) {
  const { t } = useTranslation();
  const rows = [
    ...of.documents.map((one) => ({ kind: "document" as const, ...one, name: one.name })),
    ...of.models.map((one) => ({ kind: "model" as const, ...one, name: `${one.name} ${one.version}` })),
    ...of.users.map((one) => ({ kind: "user" as const, ...one, name: one.name })),
  ].filter((one) => one.change !== "same");
  return (
    <div className="stack">
      <Pairs>
        <Pair name={t("system.gateway")}>
          {of.gateway} · {of.site}
        </Pair>
        <Pair name={t("backup.madeAt")}>
          {moment(of.made_at)} <span className="quiet small">Takt {of.version}</span>
        </Pair>
        <Pair name={t("models.size")}>
          {bytes(of.n_bytes)}{" "}
          <span className="quiet small">
            {t(of.with_history ? "backup.historyIn" : "backup.historyNotIn")}
          </span>
        </Pair>
      </Pairs>
      {of.preview.problems.map((problem, i) => (
        <Trouble key={i} of={problemOf(problem)} />
      ))}
      {rows.length > 0 && (
        <Listing
          rows={rows}
          keyOf={(one) => `${one.kind}/${one.name}`}
          columns={[
            { name: t("backup.what"), cell: (one) => t(`backup.${one.kind}`) },
            { name: t("models.name"), title: true, cell: (one) => one.name },
            {
              name: t("backup.change"),
              cell: (one) => (
                <>
                  <Mark of={SIGNS[one.change] ?? "unknown"} size={10} /> {t(`change.${one.change}`)}
                </>
              ),
            },
          ]}
        />
      )}
      <DifferenceTable of={of.preview} />
    </div>
  );
}
