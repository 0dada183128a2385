// Secrets by name: which documents use which, whether each resolves. What they are is never shown again.
import { Button, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { Listing } from "@/parts/listing";
import { Mark } from "@/parts/mark";
import { Answer, Empty, Panel, Trouble } from "@/parts/panel";

const KEY = ["secrets"];

export function Secrets() {
  const { t } = useTranslation();
  const [put, setPut] = useState<string>();
  const known = useQuery({
    queryKey: KEY,
    queryFn: async () => (await data(api.GET("/api/v1/secrets"))).secrets,
  });
  return (
    <Panel
      title={t("secrets.title")}
      flush
      aside={
        <Button variant="default" leftSection={<Plus size={16} />} onClick={() => setPut("")}>
          {t("secrets.add")}
        </Button>
      }
    >
      <Answer of={known}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t("secrets.none")}>{t("secrets.noneText")}</Empty>
          ) : (
            <Listing
              rows={all}
              keyOf={(one) => one.name}
              label={t("secrets.title")}
              columns={[
                { name: t("models.name"), title: true, cell: (one) => one.name },
                {
                  name: t("secrets.standing"),
                  cell: (one) => (
                    <>
                      <Mark of={one.resolves ? "ok" : "bad"} size={11} />{" "}
                      {t(one.resolves ? "secrets.there" : "secrets.missing")}
                      {one.why && <div className="small quiet">{one.why}</div>}
                    </>
                  ),
                },
                {
                  name: t("secrets.usedBy"),
                  wide: true,
                  cell: (one) => one.used_by.join(", ") || t("secrets.unused"),
                },
                {
                  name: t("models.acts"),
                  acts: true,
                  cell: (one) => (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={t("secrets.putOf", { name: one.name })}
                      onClick={() => setPut(one.name)}
                    >
                      {t("secrets.put")}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
      <Modal opened={put !== undefined} onClose={() => setPut(undefined)} title={t("secrets.add")}>
        {put !== undefined && <PutForm key={put} of={put} done={() => setPut(undefined)} />}
      </Modal>
    </Panel>
  );
}

function PutForm({ of, done }: { of: string; done: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [name, setName] = useState(of);
  const [value, setValue] = useState("");
  const [shown, { toggle }] = useDisclosure(false);
  const put = useMutation({
    mutationFn: () =>
      data(api.PUT("/api/v1/secrets/{name}", { params: { path: { name } }, body: { value } })),
    onSuccess: () => {
      done();
      notifications.show({ message: t("secrets.kept", { name }) });
      void client.invalidateQueries({ queryKey: KEY });
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        put.mutate();
      }}
    >
      {put.error && <Trouble of={put.error} />}
      <TextInput
        label={t("models.name")}
        description={t("secrets.nameAbout")}
        value={name}
        readOnly={of !== ""}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label={t("secrets.value")}
        description={t("secrets.valueAbout")}
        value={value}
        visible={shown}
        onVisibilityChange={toggle}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      <Button type="submit" disabled={!name || !value} loading={put.isPending}>
        {t("secrets.put")}
      </Button>
    </form>
  );
}
