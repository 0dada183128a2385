// Every version of every document: who, when, why; and the way back.
import { Button, Modal, Select, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DocumentVersion } from "@/api/types";
import { useDocument, useDocuments, useRollback, useVersions } from "@/api/drafts";
import { useMay } from "@/api/session";
import { Answer, Empty, Panel, Trouble } from "@/parts/panel";
import { Plain } from "@/parts/plain";
import { moment } from "@/text/format";
import style from "./configure.module.css";

export function Versions() {
  const { t } = useTranslation();
  const documents = useDocuments();
  const [chosen, setChosen] = useState<string>();
  return (
    <Answer of={documents}>
      {(all) => {
        const name = chosen ?? all.find((one) => one.origin === "applied")?.name ?? all[0]?.name;
        return name === undefined ? (
          <Panel>
            <Empty title={t("versions.none")}>{t("versions.noneText")}</Empty>
          </Panel>
        ) : (
          <Panel
            title={t("versions.title")}
            flush
            aside={
              <Select
                aria-label={t("versions.document")}
                data={all.map((one) => one.name)}
                value={name}
                onChange={(next) => setChosen(next ?? undefined)}
              />
            }
          >
            <List
              name={name}
              now={all.find((one) => one.name === name)?.version ?? 0}
              isFile={all.find((one) => one.name === name)?.origin === "file"}
            />
          </Panel>
        );
      }}
    </Answer>
  );
}

function List({ name, now, isFile }: { name: string; now: number; isFile: boolean }) {
  const { t } = useTranslation();
  const versions = useVersions(name);
  const [shown, setShown] = useState<DocumentVersion>();
  return (
    <>
      {isFile && <p className={style.item}>{t("configure.fileAbout", { name })}</p>}
      <Answer of={versions}>
        {(all) => (
          <ul>
            {all.map((one) => (
              <li key={one.version} className={style.item}>
                <b>{t("configure.version", { version: one.version })}</b>
                <span className="grow">
                  {one.note || <span className="quiet">{t("versions.noNote")}</span>}
                  <div className="small quiet">
                    {one.by ?? "–"} · {moment(one.at)}
                  </div>
                </span>
                {one.version === now && <span className="small soft">{t("versions.runs")}</span>}
                <Button variant="default" onClick={() => setShown(one)}>
                  {t("versions.show")}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Answer>
      <Modal
        opened={shown !== undefined}
        onClose={() => setShown(undefined)}
        size="xl"
        title={shown && `${name} · ${t("configure.version", { version: shown.version })}`}
      >
        {shown && (
          <One
            name={name}
            version={shown.version}
            canReturn={!isFile && shown.version !== now}
            done={() => setShown(undefined)}
          />
        )}
      </Modal>
    </>
  );
}

function One({
  name,
  version,
  canReturn,
  done,
}: {
  name: string;
  version: number;
  canReturn: boolean;
  done: () => void;
}) {
  const { t } = useTranslation();
  const document = useDocument(name, version);
  const may = useMay("engineer");
  const [note, setNote] = useState("");
  const rollback = useRollback(name);
  return (
    <div className="stack">
      <Answer of={document}>
        {(one) => (
          <Plain label={t("configure.text")} className={style.text}>
            {one.text ?? t("versions.noText")}
          </Plain>
        )}
      </Answer>
      {may && canReturn && (
        <form
          className="stack-tight"
          onSubmit={(event) => {
            event.preventDefault();
            rollback.mutate(
              { version, note },
              {
                onSuccess: () => {
                  done();
                  notifications.show({ message: t("versions.returned", { version }) });
                },
              },
            );
          }}
        >
          {rollback.error && <Trouble of={rollback.error} />}
          <TextInput
            label={t("draft.note")}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Button type="submit" loading={rollback.isPending}>
            {t("versions.return", { version })}
          </Button>
        </form>
      )}
    </div>
  );
}
