// Who did what, when: logins, configuration, models, writes.
import { Button, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { Answer, Empty, Panel } from "@/parts/panel";
import { moment } from "@/text/format";
import { localTimes } from "@/text/times";

export function Audit() {
  const { t } = useTranslation();
  const [who, setWho] = useState("");
  const [what, setWhat] = useState("");
  const [asked] = useDebouncedValue(`${who}\n${what}`, 300);
  const pages = useInfiniteQuery({
    queryKey: ["audit", asked],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => {
      const [person, act] = asked.split("\n");
      return data(
        api.GET("/api/v1/audit", {
          params: {
            query: { who: person || undefined, what: act || undefined, limit: 100, cursor: pageParam },
          },
        }),
      );
    },
    getNextPageParam: (page) => page.next ?? undefined,
  });
  return (
    <Panel
      title={t("audit.title")}
      flush
      aside={
        <>
          <TextInput
            aria-label={t("audit.who")}
            placeholder={t("audit.who")}
            value={who}
            onChange={(event) => setWho(event.currentTarget.value)}
          />
          <TextInput
            aria-label={t("audit.what")}
            placeholder={t("audit.what")}
            value={what}
            onChange={(event) => setWhat(event.currentTarget.value)}
          />
        </>
      }
    >
      <Answer of={{ ...pages, data: pages.data?.pages.flatMap((page) => page.events) }}>
        {(events) =>
          events.length === 0 ? (
            <Empty title={t("audit.none")}>{t("audit.noneText")}</Empty>
          ) : (
            <div className="scroll-x">
              <table className="plain">
                <thead>
                  <tr>
                    <th>{t("parts.time")}</th>
                    <th>{t("audit.who")}</th>
                    <th>{t("audit.what")}</th>
                    <th>{t("events.place")}</th>
                    <th>{t("events.text")}</th>
                  </tr>
                </thead>
                <tbody>
                  {events.map((one, i) => (
                    <tr key={i}>
                      <td className="nowrap soft">{moment(one.at)}</td>
                      <td className="nowrap">
                        <b>{one.who ?? "–"}</b>
                      </td>
                      <td className="nowrap">{one.what.replaceAll("_", " ")}</td>
                      <td className="nowrap">{one.place}</td>
                      <td style={{ minWidth: 200 }}>{localTimes(one.text)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
      {pages.hasNextPage && (
        <div style={{ padding: 12, textAlign: "center" }}>
          <Button
            variant="default"
            loading={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            {t("audit.more")}
          </Button>
        </div>
      )}
    </Panel>
  );
}
