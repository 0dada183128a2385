// What was: events of the gateway, and samples or verdicts of any span as a file.
import { Button, MultiSelect, SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, raw } from "@/api/client";
import { useStatus } from "@/api/live";
import { Problem } from "@/api/problem";
import { Listing } from "@/parts/listing";
import { Answer, Empty, PageHead, Panel, Trouble } from "@/parts/panel";
import { moment, stamp } from "@/text/format";
import { localTimes } from "@/text/times";
import { SpanBar } from "../line/span-bar";
import { iso, type Span, useSpan } from "../line/span";
import { PlaceName } from "../overview/faults";
import { save } from "./save";
import { samplesCsv, verdictsCsv } from "./table";

const HOUR_MS = 3_600_000;

export default function HistoryPage() {
  const { t } = useTranslation();
  const [search, setSearch] = useState<{ back?: number; from?: number; to?: number }>({ back: HOUR_MS });
  const span = useSpan(search);
  return (
    <>
      <PageHead title={t("history.title")} about={t("history.about")} />
      <div className="stack">
        <SpanBar span={span} back={search.back} go={(next) => setSearch((old) => ({ ...old, ...next }))} />
        <Export span={span} />
        <Events span={span} />
      </div>
    </>
  );
}

function Export({ span }: { span: Span }) {
  const { t } = useTranslation();
  const status = useStatus();
  const [asked, setAsked] = useState<string>();
  const line = asked ?? status?.lines[0]?.id;
  const [what, setWhat] = useState("verdicts");
  const [form, setForm] = useState("csv");
  const [tags, setTags] = useState<string[]>([]);
  const known = useQuery({
    queryKey: ["tags", line],
    enabled: line !== undefined,
    queryFn: () => data(api.GET("/api/v1/tags", { params: { query: { line } } })),
  });
  const [trouble, setTrouble] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  if (!line) return null;
  const act = async () => {
    setBusy(true);
    setTrouble(undefined);
    try {
      const name = `${line}-${what}-${iso(span.from).slice(0, 19).replaceAll(":", "")}.${form}`;
      const query = { line, what, format: form, tags: tags.join(), from: iso(span.from), to: iso(span.to) };
      const answer = await raw("GET", "/api/v1/export", { query }).catch((error: unknown) => {
        if (Problem.of(error).isAbsent && form === "csv") return undefined;
        throw error;
      });
      if (answer) save(name, await answer.blob());
      else
        save(
          name,
          what === "verdicts"
            ? await verdictsCsv(line, span)
            : await samplesCsv(
                line,
                tags.length ? tags : (known.data?.tags.slice(0, 20).map((tag) => tag.id) ?? []),
                span,
              ),
        );
    } catch (error) {
      setTrouble(Problem.of(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title={t("export.title")}>
      <div className="stack">
        <div className="row wrap" style={{ alignItems: "flex-end" }}>
          <Select
            label={t("line.crumb")}
            data={status?.lines.map((one) => one.id) ?? []}
            value={line}
            onChange={(next) => setAsked(next ?? undefined)}
          />
          <SegmentedControl
            aria-label={t("export.what")}
            value={what}
            onChange={setWhat}
            data={[
              { value: "verdicts", label: t("export.verdicts") },
              { value: "samples", label: t("export.samples") },
            ]}
          />
          <SegmentedControl
            aria-label={t("export.form")}
            value={form}
            onChange={setForm}
            data={[
              { value: "csv", label: "CSV" },
              { value: "parquet", label: "Parquet" },
            ]}
          />
          <Button leftSection={<Download size={16} />} loading={busy} onClick={() => void act()}>
            {t("do.download")}
          </Button>
        </div>
        {what === "samples" && (
          <MultiSelect
            label={t("line.whichTags")}
            placeholder={t("export.allTags")}
            data={known.data?.tags.map((tag) => tag.id) ?? []}
            value={tags}
            onChange={setTags}
            searchable
          />
        )}
        {trouble && <Trouble of={trouble} />}
        <p className="quiet small">
          {stamp(span.from)} – {stamp(span.to)}. {t("export.cli")}{" "}
          <code>
            takt export --line {line} --{what}
          </code>
        </p>
      </div>
    </Panel>
  );
}

function Events({ span }: { span: Span }) {
  const { t } = useTranslation();
  const events = useQuery({
    queryKey: ["events", span.live ? "live" : [span.from, span.to]],
    queryFn: () =>
      data(
        api.GET("/api/v1/events", {
          params: { query: { from: iso(span.from), to: span.live ? undefined : iso(span.to), limit: 200 } },
        }),
      ),
    refetchInterval: span.live ? 5_000 : false,
    placeholderData: (old) => old,
  });
  return (
    <Panel title={t("events.title")} flush>
      <Answer of={events}>
        {({ events: all }) =>
          all.length === 0 ? (
            <Empty title={t("events.none")}>{t("events.noneText")}</Empty>
          ) : (
            <Listing
              rows={all}
              keyOf={(_, i) => String(i)}
              label={t("events.title")}
              columns={[
                { name: t("parts.time"), whole: true, cell: (one) => moment(one.at) },
                { name: t("events.kind"), whole: true, cell: (one) => one.kind.replaceAll("_", " ") },
                {
                  name: t("events.place"),
                  whole: true,
                  cell: (one) => one.place && <PlaceName place={one.place} />,
                },
                { name: t("events.text"), wide: true, cell: (one) => localTimes(one.text) },
                { name: t("events.who"), whole: true, cell: (one) => one.actor },
              ]}
            />
          )
        }
      </Answer>
    </Panel>
  );
}
