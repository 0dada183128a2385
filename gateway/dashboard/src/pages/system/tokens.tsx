// Tokens for programs: each with a role, shown once.
import { Button, CopyButton, Modal, Select, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import type { Role } from "@/api/types";
import { Listing } from "@/parts/listing";
import { Answer, Empty, Panel, Trouble } from "@/parts/panel";
import { day, moment } from "@/text/format";
import { iso } from "../line/span";
import style from "./system.module.css";
import { useRoles } from "./users";

const KEY = ["tokens"];
const DAY_MS = 86_400_000;
const LASTS = [30, 90, 365] as const;

export function Tokens() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const known = useQuery({
    queryKey: KEY,
    queryFn: async () => (await data(api.GET("/api/v1/tokens"))).tokens,
  });
  const remove = useMutation({
    mutationFn: (name: string) => data(api.DELETE("/api/v1/tokens/{name}", { params: { path: { name } } })),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <Panel title={t("tokens.title")} flush aside={<NewToken />}>
      {remove.error && (
        <div style={{ padding: 16 }}>
          <Trouble of={remove.error} />
        </div>
      )}
      <Answer of={known}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t("tokens.none")}>{t("tokens.noneText")}</Empty>
          ) : (
            <Listing
              rows={all}
              keyOf={(token) => token.name}
              label={t("tokens.title")}
              columns={[
                { name: t("models.name"), title: true, cell: (token) => token.name },
                { name: t("users.role"), cell: (token) => t(`role.${token.role}`) },
                {
                  name: t("tokens.expires"),
                  cell: (token) => (token.expires ? day(token.expires) : t("tokens.never")),
                },
                {
                  name: t("tokens.lastUsed"),
                  cell: (token) => (token.used_at ? moment(token.used_at) : t("tokens.unused")),
                },
                {
                  name: t("models.acts"),
                  acts: true,
                  cell: (token) => (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={t("tokens.revokeOf", { name: token.name })}
                      onClick={() => remove.mutate(token.name)}
                    >
                      {t("tokens.revoke")}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
    </Panel>
  );
}

function NewToken() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const roles = useRoles();
  const [opened, modal] = useDisclosure(false);
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("90");
  const add = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/tokens", {
          body: { name, role, expires: iso(Date.now() + Number(days) * DAY_MS) },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  });
  const close = () => {
    modal.close();
    add.reset();
    setName("");
  };
  return (
    <>
      <Button variant="default" leftSection={<Plus size={16} />} onClick={modal.open}>
        {t("tokens.add")}
      </Button>
      <Modal opened={opened} onClose={close} title={t("tokens.add")}>
        {add.data ? (
          <div className="stack">
            <p>{t("tokens.once")}</p>
            <div className={style.token}>
              <code className="grow">{add.data.token}</code>
              <CopyButton value={add.data.token}>
                {({ copied, copy }) => (
                  <Button variant="default" onClick={copy}>
                    {t(copied ? "do.copied" : "do.copy")}
                  </Button>
                )}
              </CopyButton>
            </div>
            <Button onClick={close}>{t("do.done")}</Button>
          </div>
        ) : (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              add.mutate();
            }}
          >
            {add.error && <Trouble of={add.error} />}
            <TextInput
              label={t("models.name")}
              description={t("tokens.nameAbout")}
              value={name}
              data-autofocus
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Select
              label={t("users.role")}
              data={roles}
              value={role}
              onChange={(next) => next && setRole(next as Role)}
            />
            <Select
              label={t("tokens.lasts")}
              data={LASTS.map((n) => ({ value: String(n), label: t("tokens.days", { n }) }))}
              value={days}
              onChange={(next) => next && setDays(next)}
            />
            <Button type="submit" disabled={!name} loading={add.isPending}>
              {t("tokens.add")}
            </Button>
          </form>
        )}
      </Modal>
    </>
  );
}
