// What left the site, by which way, to whom; raw samples beyond the site are zero, and stand here.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import type { EgressWay } from "@/api/contract";
import { Answer, Empty, Panel } from "@/parts/panel";
import { count } from "@/text/format";

export function Egress() {
  const { t } = useTranslation();
  const egress = useQuery({
    queryKey: ["egress"],
    refetchInterval: 5_000,
    retry: false,
    queryFn: async () => {
      const answer = await call<EgressWay[] | { ways: EgressWay[] }>("GET", "/api/v1/egress");
      return Array.isArray(answer) ? answer : answer.ways;
    },
  });
  return (
    <Panel title={t("egress.title")} flush>
      <Answer of={egress}>
        {(ways) =>
          ways.length === 0 ? (
            <Empty title={t("egress.none")}>{t("egress.noneText")}</Empty>
          ) : (
            <div className="scroll-x">
              <table className="plain">
                <thead>
                  <tr>
                    <th>{t("egress.way")}</th>
                    <th>{t("egress.to")}</th>
                    <th>{t("egress.site")}</th>
                    <th>{t("egress.what")}</th>
                  </tr>
                </thead>
                <tbody>
                  {ways.map((way) => (
                    <tr key={way.way + way.to}>
                      <td>
                        <b>{way.way}</b>
                      </td>
                      <td className="soft">{way.to}</td>
                      <td>{way.site}</td>
                      <td>
                        {Object.entries(way.classes ?? {})
                          .map(([name, n]) => `${name.replaceAll("_", " ")} ${count(n)}`)
                          .join(" · ")}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
    </Panel>
  );
}
