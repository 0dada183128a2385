// The whole gateway as one file, without clear secrets and without arming; and back again.
import { Button, Checkbox, FileButton, Modal } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Download, Upload } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import type { RestoreReport as Report } from "@/api/types";
import { Panel, Trouble } from "@/parts/panel";
import { bytes } from "@/text/format";
import { RestoreReport } from "./restore-report";

/** A gateway that begins again answers after some seconds. */
const ASK_AGAIN_MS = 1_500;
const ROUTE = "/api/v1/restore";

export function Backup() {
  const { t } = useTranslation();
  const [withHistory, setWithHistory] = useState(true);
  const [file, setFile] = useState<File | null>(null);
  return (
    <Panel title={t("backup.title")}>
      <div className="stack">
        <p className="soft" style={{ maxWidth: "76ch" }}>
          {t("backup.about")}
        </p>
        <Checkbox
          label={t("backup.withHistory")}
          description={t("backup.withHistoryAbout")}
          checked={withHistory}
          onChange={(event) => setWithHistory(event.currentTarget.checked)}
        />
        <div className="row wrap">
          <Button
            component="a"
            href={`/api/v1/backup${withHistory ? "" : "?history=false"}`}
            download
            leftSection={<Download size={16} />}
          >
            {t("backup.make")}
          </Button>
          <FileButton onChange={setFile} accept=".takt-backup">
            {(props) => (
              <Button variant="default" leftSection={<Upload size={16} />} {...props}>
                {t("backup.restore")}
              </Button>
            )}
          </FileButton>
        </div>
      </div>
      <Modal opened={file !== null} onClose={() => setFile(null)} title={t("backup.restore")} size="xl">
        {file && <Restore key={file.name + file.lastModified} file={file} />}
      </Modal>
    </Panel>
  );
}

/** First what would become of it, then the act. */
function Restore({ file }: { file: File }) {
  const { t } = useTranslation();
  const send = (dry: boolean) =>
    call<Report>("POST", ROUTE, {
      query: dry ? { dry_run: true } : {},
      raw: file,
      type: "application/octet-stream",
    });
  const look = useQuery({
    queryKey: ["restore", file.name, file.size, file.lastModified],
    retry: false,
    staleTime: Infinity,
    queryFn: () => send(true),
  });
  const act = useMutation({ mutationFn: () => send(false) });
  if (act.data?.restored) return <BeginsAgain report={act.data} />;
  return (
    <div className="stack">
      <p>{t("backup.sure", { name: file.name, size: bytes(file.size) })}</p>
      {look.isPending && <p className="quiet">{t("draft.checking")}</p>}
      {look.error && <Trouble of={look.error} />}
      {look.data && <RestoreReport of={look.data} />}
      {act.error && <Trouble of={act.error} />}
      {look.data && (
        <Button
          color="vermilion"
          disabled={look.data.preview.problems.length > 0}
          loading={act.isPending}
          onClick={() => act.mutate()}
        >
          {t("backup.act")}
        </Button>
      )}
    </div>
  );
}

/** Everybody's session is over; the page comes back by itself when the gateway does. */
function BeginsAgain({ report }: { report: Report }) {
  const { t } = useTranslation();
  useEffect(() => {
    let away = false;
    const timer = setInterval(() => {
      fetch("/api/v1/session")
        .then((answer) => (answer.ok && away ? location.assign("/") : undefined))
        .catch(() => {
          away = true;
        });
    }, ASK_AGAIN_MS);
    // A start that is quicker than two questions is missed by them.
    const late = setTimeout(() => {
      away = true;
    }, 10 * ASK_AGAIN_MS);
    return () => {
      clearInterval(timer);
      clearTimeout(late);
    };
  }, []);
  const missing = report.secrets.filter((one) => !one.resolves).map((one) => one.name);
  return (
    <div className="stack" role="status">
      <p>
        <b>{t("backup.restored")}</b> {t("backup.beginsAgain")}
      </p>
      {missing.length > 0 && <p>{t("backup.secretsMissing", { names: missing.join(", ") })}</p>}
      {report.tokens.length > 0 && <p>{t("backup.tokensMissing", { names: report.tokens.join(", ") })}</p>}
    </div>
  );
}
