// All tags of a line, live: value with unit, quality and age; thousands of rows, of which only the seen ones are drawn.
import { SegmentedControl, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import {
  createSortedRowModel,
  rowSortingFeature,
  sortFns,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, Search } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useLive } from "@/api/live";
import type { TagStatus } from "@/api/types";
import { Mark, type Standing } from "@/parts/mark";
import { Answer, Empty, Panel } from "@/parts/panel";
import { count, figure, millis } from "@/text/format";
import style from "./tag-table.module.css";

const ROW = 38;
const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });
const COLUMNS = (["id", "value", "unit", "quality", "age_ms", "connection"] as const).map((id) => ({
  accessorKey: id,
  id,
}));

const standing = (quality: string): Standing =>
  quality === "good" ? "ok" : quality === "uncertain" ? "warn" : quality === "bad" ? "bad" : "unknown";

export function TagTable({ line }: { line: string }) {
  const { t } = useTranslation();
  const [like, setLike] = useState("");
  const [quality, setQuality] = useState("all");
  const tags = useQuery({
    queryKey: ["tags", line],
    queryFn: () => data(api.GET("/api/v1/tags", { params: { query: { line } } })),
    refetchInterval: 1_000,
  });
  const pushed = useLive((live) => live.tags);
  const rows = useMemo(() => {
    const wanted = like.trim().toLowerCase();
    return (tags.data?.tags ?? [])
      .map((tag) => pushed.get(`${tag.line}/${tag.id}`) ?? tag)
      .filter(
        (tag) =>
          (!wanted || tag.id.toLowerCase().includes(wanted)) &&
          (quality === "all" || (quality === "bad" ? tag.quality !== "good" : tag.quality === "good")),
      );
  }, [tags.data, pushed, like, quality]);
  return (
    <Panel
      title={t("tags.title", { n: count(rows.length) })}
      flush
      aside={
        <>
          <TextInput
            aria-label={t("tags.find")}
            placeholder={t("tags.find")}
            leftSection={<Search size={15} />}
            value={like}
            onChange={(event) => setLike(event.currentTarget.value)}
          />
          <SegmentedControl
            aria-label={t("tags.quality")}
            value={quality}
            onChange={setQuality}
            data={["all", "good", "bad"].map((value) => ({
              value,
              label: t(`tags.${value as "all" | "good" | "bad"}`),
            }))}
          />
        </>
      }
    >
      <Answer of={tags} rows={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("tags.none")}>{t("tags.noneText")}</Empty>
          ) : (
            <Rows rows={rows} />
          )
        }
      </Answer>
    </Panel>
  );
}

function Rows({ rows }: { rows: TagStatus[] }) {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const table = useTable({ features, columns: COLUMNS, data: rows, getRowId: (tag) => tag.id });
  const sorted = table.getRowModel().rows;
  const seen = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  return (
    <div
      ref={place}
      className={style.place}
      role="table"
      aria-rowcount={sorted.length}
      aria-label={t("line.tabTags", { n: sorted.length })}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- whoever scrolls by keyboard must be able to stand here
      tabIndex={0}
    >
      <div className={`${style.row} ${style.head}`} role="row">
        {table.getAllLeafColumns().map((column) => {
          const order = column.getIsSorted();
          return (
            <div
              key={column.id}
              role="columnheader"
              aria-sort={order === "asc" ? "ascending" : order === "desc" ? "descending" : "none"}
            >
              <button type="button" onClick={() => column.toggleSorting()}>
                {t(`tags.${column.id as (typeof COLUMNS)[number]["id"]}`)}
                {order === "asc" && <ArrowUp size={13} aria-hidden />}
                {order === "desc" && <ArrowDown size={13} aria-hidden />}
              </button>
            </div>
          );
        })}
      </div>
      <div style={{ height: seen.getTotalSize(), position: "relative" }}>
        {seen.getVirtualItems().map((item) => {
          const tag = sorted[item.index]?.original;
          return (
            tag && (
              <div
                key={tag.id}
                className={style.row}
                role="row"
                aria-rowindex={item.index + 1}
                style={{
                  position: "absolute",
                  top: 0,
                  left: 0,
                  right: 0,
                  height: ROW,
                  transform: `translateY(${item.start}px)`,
                }}
              >
                <div role="cell" className={style.id} title={tag.id}>
                  {tag.id}
                </div>
                <div role="cell" className={style.value}>
                  {typeof tag.value === "number"
                    ? figure(tag.value, 5)
                    : tag.value == null
                      ? "–"
                      : String(tag.value)}
                </div>
                <div role="cell" className="quiet">
                  {tag.unit}
                </div>
                <div role="cell" className={style.quality} title={tag.why ?? undefined}>
                  <Mark of={standing(tag.quality)} size={10} />{" "}
                  {tag.quality === "good"
                    ? t("quality.good")
                    : (tag.why ??
                      t(
                        `quality.${tag.quality === "bad" || tag.quality === "uncertain" ? tag.quality : "none"}`,
                      ))}
                </div>
                <div role="cell" className={style.age}>
                  {millis(tag.age_ms)}
                </div>
                <div role="cell" className="quiet clip">
                  {tag.connection}
                </div>
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}
