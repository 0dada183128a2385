// Arming is a deliberate act in two steps: read what will be written where, then say so in words.
import { Button, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { ShieldAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { useMay } from "@/api/session";
import type { ArmingOffer, OutputStatus } from "@/api/types";
import { Pair, Pairs, Trouble } from "./panel";
import { moment } from "@/text/format";
import style from "./arming.module.css";

type Props = { line: string; check: string; output: OutputStatus };
const ROUTE = "/api/v1/outputs/{line}/{check}/{output}/arming" as const;
const paramsOf = ({ line, check, output }: Props) => ({ path: { line, check, output: output.id } });

export function ArmingAct(props: Props) {
  const { t } = useTranslation();
  const [opened, modal] = useDisclosure(false);
  const [mayArm, mayDisarm] = [useMay("engineer"), useMay("operator")];
  const challenge = useMutation({ mutationFn: () => data(api.POST(ROUTE, { params: paramsOf(props) })) });
  const disarm = useMutation({
    mutationFn: () => data(api.DELETE(ROUTE, { params: paramsOf(props) })),
    onSuccess: () => notifications.show({ message: t("arming.disarmed", { output: props.output.id }) }),
    onError: (error) => notifications.show({ color: "vermilion", message: error.message }),
  });
  if (props.output.armed) {
    return (
      mayDisarm && (
        <Button
          size="compact-sm"
          variant="default"
          loading={disarm.isPending}
          onClick={() => disarm.mutate()}
        >
          {t("arming.disarm")}
        </Button>
      )
    );
  }
  if (!mayArm) return null;
  const open = () => {
    modal.open();
    challenge.mutate();
  };
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={open}>
        {t("arming.arm")}
      </Button>
      <Modal
        opened={opened}
        onClose={modal.close}
        title={t("arming.title", { output: props.output.id })}
        size="lg"
      >
        {challenge.error && <Trouble of={challenge.error} again={() => challenge.mutate()} />}
        {challenge.data && <Confirm {...props} challenge={challenge.data} done={modal.close} />}
      </Modal>
    </>
  );
}

function Confirm({ challenge, done, ...props }: Props & { challenge: ArmingOffer; done: () => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const arm = useMutation({
    mutationFn: () =>
      data(api.PUT(ROUTE, { params: paramsOf(props), body: { challenge: challenge.challenge } })),
    onSuccess: () => {
      done();
      notifications.show({ message: t("arming.armed", { output: props.output.id }) });
    },
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        arm.mutate();
      }}
    >
      <p className={style.warn}>
        <ShieldAlert size={20} aria-hidden />
        {t("arming.warning")}
      </p>
      <Pairs>
        <Pair name={t("output.target")}>
          <span className="mono">{challenge.target.register}</span>{" "}
          <span className="quiet small">
            {t("arming.at", {
              connection: challenge.target.connection,
              device: challenge.target.device,
              unit: challenge.target.unit,
              address: challenge.target.protocol_address,
            })}
          </span>
        </Pair>
        {(["pass", "fail", "inconclusive"] as const).map((name) => (
          <Pair key={name} name={t("arming.writes", { on: t(`verdict.${name}`) })}>
            <b>{challenge.values[name]}</b>
          </Pair>
        ))}
        <Pair name={t("outputForm.failSafe")}>
          <b>{challenge.values.fail_safe}</b>
        </Pair>
        <Pair name={t("output.last")}>
          {challenge.last_write
            ? `${challenge.last_write.value}, ${moment(challenge.last_write.at)}`
            : t("output.neverWrote")}
        </Pair>
      </Pairs>
      {challenge.problems.map((problem) => (
        <Trouble key={problem} of={new Error(problem)} />
      ))}
      {arm.error && <Trouble of={arm.error} />}
      <TextInput
        label={t("arming.type", { output: props.output.id })}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <Button
        type="submit"
        color="vermilion"
        disabled={typed !== props.output.id || challenge.problems.length > 0}
        loading={arm.isPending}
      >
        {t("arming.act")}
      </Button>
    </form>
  );
}
