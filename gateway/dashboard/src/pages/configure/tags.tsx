// The tags of a line: where each comes from, its value now, its range; one by one or as CSV.
import { ActionIcon, Button, Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useLine } from "@/api/live";
import type { TagStatus } from "@/api/types";
import { EXPORTS, type Source, type Tag } from "@/api/written";
import { Listing } from "@/parts/listing";
import { Empty, Panel } from "@/parts/panel";
import { figure } from "@/text/format";
import { Budget } from "./budget";
import style from "./configure.module.css";
import { CsvActs } from "./csv";
import type { EditorProps } from "./line";
import { freeName } from "./names";
import { ScanPanel } from "./scan";
import { TagForm } from "./tag-form";

/** Where a tag comes from, as one short text. */
export const sourceText = (source: Source): string =>
  [source.connection, source.register ?? source.topic ?? source.column, source.value, source.type]
    .filter((one) => one !== undefined && one !== "")
    .join(" · ");

export function Tags({ line, connections, change, readOnly }: EditorProps) {
  const { t } = useTranslation();
  const [edited, setEdited] = useState<number | "new">();
  const tags = line.tags ?? [];
  const runs = useLine(line.id) !== undefined;
  const live = useQuery({
    queryKey: ["tags", line.id],
    enabled: runs,
    refetchInterval: 1_000,
    queryFn: () => data(api.GET("/api/v1/tags", { params: { query: { line: line.id } } })),
  });
  const now = new Map(live.data?.tags.map((tag) => [tag.id, tag]));
  const save = (tag: Tag) => {
    change({ tags: edited === "new" ? [...tags, tag] : tags.map((old, i) => (i === edited ? tag : old)) });
    setEdited(undefined);
  };
  const of = edited === "new" || edited === undefined ? undefined : tags[edited];
  return (
    <div className="stack">
      <Panel
        title={t("tag.title")}
        flush
        aside={
          <>
            {runs && <CsvActs line={line.id} readOnly={readOnly} />}
            {!readOnly && (
              <Button
                variant="default"
                leftSection={<Plus size={16} />}
                disabled={connections.length === 0}
                onClick={() => setEdited("new")}
              >
                {t("tag.add")}
              </Button>
            )}
          </>
        }
      >
        {tags.length === 0 ? (
          <Empty title={t("tag.none")}>
            {t(connections.length === 0 ? "tag.noConnection" : "tag.noneText")}
          </Empty>
        ) : (
          <Listing
            rows={tags}
            keyOf={(tag) => tag.id}
            label={t("tag.title")}
            columns={[
              { name: t("tags.id"), title: true, cell: (tag) => tag.id },
              { name: t("tag.source"), wide: true, cell: (tag) => sourceText(tag.source) },
              { name: t("tag.now"), number: true, cell: (tag) => <Now of={now.get(tag.id)} /> },
              { name: t("tags.unit"), cell: (tag) => tag.unit },
              {
                name: t("tag.range"),
                whole: true,
                cell: (tag) => tag.range?.map((n) => figure(n)).join(" … "),
              },
              { name: t("tag.export"), cell: (tag) => t(`export.${exportOf(tag)}`) },
              {
                name: t("do.edit"),
                acts: true,
                cell: (tag, i) => (
                  <>
                    <Button size="compact-sm" variant="default" onClick={() => setEdited(i)}>
                      {t(readOnly ? "connection.look" : "do.edit")}
                    </Button>
                    {!readOnly && (
                      <ActionIcon
                        aria-label={t("tag.remove", { id: tag.id })}
                        onClick={() => change({ tags: tags.filter((_, n) => n !== i) })}
                      >
                        <Trash2 size={16} />
                      </ActionIcon>
                    )}
                  </>
                ),
              },
            ]}
          />
        )}
        {(line.tag_groups?.length ?? 0) > 0 && (
          <p className={style.item}>{t("tag.groups", { count: line.tag_groups?.length ?? 0 })}</p>
        )}
      </Panel>
      <ScanPanel connections={connections} />
      <Budget tags={tags} connections={connections} />
      <Drawer
        opened={edited !== undefined}
        onClose={() => setEdited(undefined)}
        position="right"
        size="xl"
        title={of?.id ?? t("tag.add")}
      >
        {edited !== undefined && (
          <TagForm
            key={String(edited)}
            of={of}
            connections={connections}
            taken={tags.map((tag) => tag.id).filter((id) => id !== of?.id)}
            readOnly={readOnly}
            save={save}
            saveMany={(more) => {
              change({
                tags: [
                  ...tags,
                  ...renamed(
                    more,
                    tags.map((tag) => tag.id),
                  ),
                ],
              });
              setEdited(undefined);
            }}
          />
        )}
      </Drawer>
    </div>
  );
}

const exportOf = (tag: Tag) => EXPORTS.find((one) => one === tag.export) ?? "same-site";

function Now({ of }: { of: TagStatus | undefined }) {
  const { t } = useTranslation();
  if (typeof of?.value === "number") return figure(of.value);
  if (of?.value != null) return String(of.value);
  return (
    <span className="quiet" title={of?.why ?? ""}>
      {of?.why ? t("quality.bad") : "–"}
    </span>
  );
}

/** Gives each a name that is free. */
function renamed(more: Tag[], taken: string[]): Tag[] {
  const names = [...taken];
  return more.map((tag) => {
    const id = freeName(tag.id, names);
    names.push(id);
    return { ...tag, id };
  });
}
