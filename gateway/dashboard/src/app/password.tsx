// One's own password, changed by oneself.
import { Button, Menu, Modal, PasswordInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { SESSION_KEY } from "@/api/session";
import { Trouble } from "@/parts/panel";

export function PasswordItem() {
  const { t } = useTranslation();
  const [opened, modal] = useDisclosure(false);
  const client = useQueryClient();
  const form = useForm({ initialValues: { old: "", new: "" } });
  const act = useMutation({
    mutationFn: (body: { old: string; new: string }) => data(api.POST("/api/v1/password", { body })),
    onSuccess: () => {
      // Other sessions end with the old password, and this one has a new token.
      void client.invalidateQueries({ queryKey: SESSION_KEY });
      modal.close();
      form.reset();
      notifications.show({ message: t("password.done") });
    },
  });
  return (
    <>
      <Menu.Item leftSection={<KeyRound size={16} />} onClick={modal.open} closeMenuOnClick={false}>
        {t("password.change")}
      </Menu.Item>
      <Modal opened={opened} onClose={modal.close} title={t("password.change")}>
        <form className="stack" onSubmit={form.onSubmit((v) => act.mutate(v))}>
          {act.error && <Trouble of={act.error} />}
          <PasswordInput
            label={t("password.old")}
            autoComplete="current-password"
            {...form.getInputProps("old")}
          />
          <PasswordInput
            label={t("password.new")}
            autoComplete="new-password"
            {...form.getInputProps("new")}
          />
          <Button type="submit" loading={act.isPending}>
            {t("password.change")}
          </Button>
        </form>
      </Modal>
    </>
  );
}
