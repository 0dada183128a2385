// A new line: its name first, everything else on its page.
import { Button, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { draftLine } from "@/api/drafts";
import { nameFault } from "./names";

export function NewLine({ taken }: { taken: string[] }) {
  const { t } = useTranslation();
  const [opened, modal] = useDisclosure(false);
  const [name, setName] = useState("");
  const navigate = useNavigate();
  const fault = nameFault(name, taken);
  return (
    <>
      <Button variant="default" leftSection={<Plus size={16} />} onClick={modal.open}>
        {t("configure.newLine")}
      </Button>
      <Modal opened={opened} onClose={modal.close} title={t("configure.newLine")}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (fault) return;
            draftLine({ id: name, tags: [], checks: [] }, 0);
            modal.close();
            void navigate({ to: "/configure/$line", params: { line: name } });
          }}
        >
          <TextInput
            label={t("configure.name")}
            description={t("configure.nameAbout")}
            value={name}
            data-autofocus
            spellCheck={false}
            onChange={(event) => setName(event.currentTarget.value)}
            error={name && fault ? t(`configure.${fault}`) : undefined}
          />
          <Button type="submit" disabled={fault !== undefined}>
            {t("do.next")}
          </Button>
        </form>
      </Modal>
    </>
  );
}
