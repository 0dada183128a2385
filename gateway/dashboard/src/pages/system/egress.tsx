// What left the site, by which way, how far; raw samples beyond the site are zero, and stand here.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import type { Way } from "@/api/types";
import { Listing } from "@/parts/listing";
import { Mark } from "@/parts/mark";
import { Answer, Empty, Panel } from "@/parts/panel";
import { count } from "@/text/format";

export function Egress() {
  const { t } = useTranslation();
  const egress = useQuery({
    queryKey: ["egress"],
    refetchInterval: 5_000,
    queryFn: () => data(api.GET("/api/v1/egress")),
  });
  return (
    <Panel
      title={t("egress.title")}
      flush
      aside={
        egress.data && (
          <span>
            <Mark of={egress.data.raw_beyond_site === 0 ? "ok" : "bad"} size={11} />{" "}
            {t("egress.raw", { n: count(egress.data.raw_beyond_site) })}
          </span>
        )
      }
    >
      <Answer of={egress}>
        {({ ways }) =>
          ways.length === 0 ? (
            <Empty title={t("egress.none")}>{t("egress.noneText")}</Empty>
          ) : (
            <Listing
              rows={ways.flatMap((way) =>
                (way.counts.length ? way.counts : [undefined]).map((n) => ({ way, n })),
              )}
              keyOf={({ way, n }) => [way.way, n?.content, n?.class].join("/")}
              label={t("egress.title")}
              columns={[
                { name: t("egress.way"), title: true, cell: ({ way }) => way.way },
                { name: t("egress.reach"), cell: ({ way }) => reach(way, t) },
                { name: t("egress.what"), cell: ({ n }) => (n ? n.content.replaceAll("_", " ") : "–") },
                { name: t("egress.class"), cell: ({ n }) => (n ? n.class : "–") },
                { name: t("egress.passed"), number: true, cell: ({ n }) => count(n?.passed ?? 0) },
                { name: t("egress.withheld"), number: true, cell: ({ n }) => count(n?.withheld ?? 0) },
              ]}
            />
          )
        }
      </Answer>
    </Panel>
  );
}

const REACHES = ["same-site", "same-company", "mesh"] as const;
const reach = (way: Way, t: (key: `export.${(typeof REACHES)[number]}`) => string): string => {
  const known = REACHES.find((one) => one === way.reach);
  return known ? t(`export.${known}`) : way.reach;
};
