// Who did what, when: logins, configuration, models, writes.
import { Button, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { Listing } from "@/parts/listing";
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
            <Listing
              rows={events}
              keyOf={(_, i) => String(i)}
              label={t("audit.title")}
              columns={[
                { name: t("parts.time"), whole: true, cell: (one) => moment(one.at) },
                { name: t("audit.who"), whole: true, cell: (one) => <b>{one.who ?? "–"}</b> },
                { name: t("audit.what"), whole: true, cell: (one) => one.what.replaceAll("_", " ") },
                { name: t("events.place"), whole: true, cell: (one) => one.place },
                { name: t("events.text"), wide: true, cell: (one) => localTimes(one.text) },
              ]}
            />
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
