// The whole gateway as one file, without clear secrets and without arming; and back again.
import { Button, FileButton, Modal } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { Download, Upload } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { call } from "@/api/client";
import { Panel, Trouble } from "@/parts/panel";
import { bytes } from "@/text/format";

export function Backup() {
  const { t } = useTranslation();
  const [file, setFile] = useState<File | null>(null);
  const restore = useMutation({
    mutationFn: (content: File) =>
      call("POST", "/api/v1/restore", { raw: content, type: "application/octet-stream" }),
    onSuccess: () => {
      setFile(null);
      notifications.show({ message: t("backup.restored") });
    },
  });
  return (
    <Panel title={t("backup.title")}>
      <div className="stack">
        <p className="soft" style={{ maxWidth: "76ch" }}>
          {t("backup.about")}
        </p>
        <div className="row wrap">
          <Button component="a" href="/api/v1/backup" download leftSection={<Download size={16} />}>
            {t("backup.make")}
          </Button>
          <FileButton onChange={setFile}>
            {(props) => (
              <Button variant="default" leftSection={<Upload size={16} />} {...props}>
                {t("backup.restore")}
              </Button>
            )}
          </FileButton>
        </div>
      </div>
      <Modal opened={file !== null} onClose={() => setFile(null)} title={t("backup.restore")}>
        <div className="stack">
          <p>{t("backup.sure", { name: file?.name ?? "", size: bytes(file?.size ?? 0) })}</p>
          {restore.error && <Trouble of={restore.error} />}
          <Button color="vermilion" loading={restore.isPending} onClick={() => file && restore.mutate(file)}>
            {t("backup.act")}
          </Button>
        </div>
      </Modal>
    </Panel>
  );
}
