// Tags out to CSV and in again: first a dry run with the mistakes of every row, then the real thing.
import { Button, FileButton, Modal } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download, Upload } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import type { TagsImport } from "@/api/types";
import { Problem } from "@/api/problem";
import { Trouble } from "@/parts/panel";
import { DifferenceTable, problemOf } from "./draft-bar";

/** A tag list of ten thousand rows is about a megabyte. */
const BYTES_MAX = 8_000_000;

export function CsvActs({ line, readOnly }: { line: string; readOnly: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [text, setText] = useState<string>();
  const path = `/api/v1/lines/${encodeURIComponent(line)}/tags.csv`;
  const send = useMutation({
    mutationFn: ({ body, dry }: { body: string; dry: boolean }) =>
      call<TagsImport>("POST", path, { raw: body, type: "text/csv", query: { dry_run: dry } }),
  });
  const take = async (file: File | null) => {
    if (!file) return;
    if (file.size > BYTES_MAX) {
      notifications.show({ color: "vermilion", message: t("csv.tooLarge") });
      return;
    }
    const body = await file.text();
    setText(body);
    send.mutate({ body, dry: true });
  };
  const apply = () =>
    text !== undefined &&
    send.mutate(
      { body: text, dry: false },
      {
        onSuccess: (answer) => {
          if (answer.errors.length || answer.problems.length) return;
          setText(undefined);
          void client.invalidateQueries({ queryKey: ["documents"] });
          notifications.show({ message: t("csv.done") });
        },
      },
    );
  const errors = send.data?.errors ?? [];
  const problems = send.data?.problems ?? [];
  const isWhole = send.data !== undefined && errors.length === 0 && problems.length === 0;
  return (
    <>
      <Button
        variant="default"
        component="a"
        href={path}
        download={`${line}-tags.csv`}
        leftSection={<Download size={16} />}
      >
        {t("csv.out")}
      </Button>
      {!readOnly && (
        <FileButton accept=".csv,text/csv" onChange={(file) => void take(file)}>
          {(props) => (
            <Button variant="default" leftSection={<Upload size={16} />} {...props}>
              {t("csv.in")}
            </Button>
          )}
        </FileButton>
      )}
      <Modal opened={text !== undefined} onClose={() => setText(undefined)} title={t("csv.title")} size="xl">
        <div className="stack">
          {send.error && <Trouble of={send.error} />}
          {errors.map((one, i) => (
            <Trouble
              key={i}
              of={
                new Problem(
                  0,
                  [t("csv.row", { row: one.line }), one.tag, one.column, one.error]
                    .filter(Boolean)
                    .join(" · "),
                  one.hint,
                )
              }
            />
          ))}
          {problems.map((one, i) => (
            <Trouble key={i} of={problemOf(one)} />
          ))}
          {isWhole && send.data && <DifferenceTable of={send.data} />}
          <Button disabled={!isWhole} loading={send.isPending} onClick={apply}>
            {t("csv.apply")}
          </Button>
        </div>
      </Modal>
    </>
  );
}
