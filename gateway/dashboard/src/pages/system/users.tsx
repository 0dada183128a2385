// Who may sign in, and as what.
import { Button, Modal, PasswordInput, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { ROLES, useSession } from "@/api/session";
import type { Role } from "@/api/types";
import { Badge } from "@/parts/mark";
import { Listing } from "@/parts/listing";
import { Answer, Panel, Trouble } from "@/parts/panel";
import { moment } from "@/text/format";

const KEY = ["users"];

export function useRoles() {
  const { t } = useTranslation();
  return ROLES.map((value) => ({ value, label: t(`role.${value}`) }));
}

export function Users() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data: session } = useSession();
  const roles = useRoles();
  const known = useQuery({
    queryKey: KEY,
    queryFn: async () => (await data(api.GET("/api/v1/users"))).users,
  });
  const settled = { onSettled: () => client.invalidateQueries({ queryKey: KEY }) };
  const change = useMutation({
    mutationFn: ({ name, ...body }: { name: string; role?: Role; disabled?: boolean }) =>
      data(api.PATCH("/api/v1/users/{name}", { params: { path: { name } }, body })),
    ...settled,
  });
  const remove = useMutation({
    mutationFn: (name: string) => data(api.DELETE("/api/v1/users/{name}", { params: { path: { name } } })),
    ...settled,
  });
  const trouble = change.error ?? remove.error;
  return (
    <Panel title={t("users.title")} flush aside={<NewUser />}>
      {trouble && (
        <div style={{ padding: 16 }}>
          <Trouble of={trouble} />
        </div>
      )}
      <Answer of={known}>
        {(all) => (
          <Listing
            rows={all}
            keyOf={(user) => user.name}
            label={t("users.title")}
            columns={[
              {
                name: t("signIn.user"),
                title: true,
                cell: (user) => (
                  <>
                    {user.name}{" "}
                    {user.name === session?.user && <span className="quiet small">{t("users.you")}</span>}
                  </>
                ),
              },
              {
                name: t("users.role"),
                cell: (user) => (
                  <Select
                    aria-label={t("users.roleOf", { name: user.name })}
                    data={roles}
                    value={user.role}
                    disabled={user.name === session?.user}
                    onChange={(role) => role && change.mutate({ name: user.name, role: role as Role })}
                    maw={190}
                  />
                ),
              },
              {
                name: t("users.lastSeen"),
                cell: (user) => (user.signed_in_at ? moment(user.signed_in_at) : t("users.neverSeen")),
              },
              {
                name: t("users.standing"),
                cell: (user) =>
                  user.disabled ? (
                    <Badge of="idle">{t("users.disabled")}</Badge>
                  ) : (
                    <Badge of="ok">{t("users.active")}</Badge>
                  ),
              },
              {
                name: t("models.acts"),
                acts: true,
                cell: (user) =>
                  user.name !== session?.user && (
                    <>
                      <Button
                        size="compact-sm"
                        variant="default"
                        onClick={() => change.mutate({ name: user.name, disabled: !user.disabled })}
                      >
                        {t(user.disabled ? "users.enable" : "users.disable")}
                      </Button>
                      <RemoveUser name={user.name} act={() => remove.mutate(user.name)} />
                    </>
                  ),
              },
            ]}
          />
        )}
      </Answer>
    </Panel>
  );
}

/** Removing somebody cannot be undone, so it is asked twice. */
function RemoveUser({ name, act }: { name: string; act: () => void }) {
  const { t } = useTranslation();
  const [asked, ask] = useDisclosure(false);
  return (
    <Button
      size="compact-sm"
      {...(asked ? { color: "vermilion" } : { variant: "default" })}
      aria-label={t(asked ? "users.removeSure" : "users.removeOf", { name })}
      onClick={asked ? act : ask.open}
      onBlur={ask.close}
    >
      {t(asked ? "do.sure" : "do.remove")}
    </Button>
  );
}

function NewUser() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const roles = useRoles();
  const [opened, modal] = useDisclosure(false);
  const form = useForm<{ name: string; role: Role; password: string }>({
    initialValues: { name: "", role: "operator", password: "" },
  });
  const add = useMutation({
    mutationFn: (body: { name: string; role: Role; password: string }) =>
      data(api.POST("/api/v1/users", { body })),
    onSuccess: () => {
      modal.close();
      form.reset();
      void client.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <>
      <Button variant="default" leftSection={<Plus size={16} />} onClick={modal.open}>
        {t("users.add")}
      </Button>
      <Modal opened={opened} onClose={modal.close} title={t("users.add")}>
        <form className="stack" onSubmit={form.onSubmit((v) => add.mutate(v))}>
          {add.error && <Trouble of={add.error} />}
          <TextInput
            label={t("signIn.user")}
            autoComplete="off"
            data-autofocus
            {...form.getInputProps("name")}
          />
          <Select
            label={t("users.role")}
            description={t(`roleAbout.${form.values.role}`)}
            data={roles}
            {...form.getInputProps("role")}
          />
          <PasswordInput
            label={t("users.firstPassword")}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
            {...form.getInputProps("password")}
          />
          <Button type="submit" loading={add.isPending} disabled={!form.values.name || !form.values.password}>
            {t("users.add")}
          </Button>
        </form>
      </Modal>
    </>
  );
}
