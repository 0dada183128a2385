// What the operator found: whether the verdict was right, and what was on the part.
import { Button, SegmentedControl, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { VerdictDetail } from "@/api/types";
import { useMay } from "@/api/session";
import { Panel, Trouble } from "@/parts/panel";
import { moment } from "@/text/format";
import { type Place, useFeedback } from "./source";

export function Feedback({ place, detail }: { place: Place; detail: VerdictDetail }) {
  const { t } = useTranslation();
  const may = useMay("operator");
  const given = detail.feedback;
  const [right, setRight] = useState(given ? (given.right ? "right" : "wrong") : "");
  const [text, setText] = useState(given?.text ?? "");
  const save = useFeedback(place);
  const changed = right !== (given ? (given.right ? "right" : "wrong") : "") || text !== (given?.text ?? "");
  return (
    <Panel
      title={t("feedback.title")}
      aside={
        given && (
          <span className="small quiet">
            {given.by}, {moment(given.at)}
          </span>
        )
      }
    >
      <div className="stack-tight">
        <p className="quiet small">{t("feedback.about")}</p>
        <SegmentedControl
          fullWidth
          aria-label={t("feedback.title")}
          disabled={!may}
          value={right}
          onChange={setRight}
          data={[
            { value: "right", label: t("feedback.right") },
            { value: "wrong", label: t("feedback.wrong") },
          ]}
        />
        <Textarea
          aria-label={t("feedback.text")}
          placeholder={t("feedback.text")}
          value={text}
          disabled={!may}
          maxLength={2_000}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {save.error && <Trouble of={save.error} />}
        <Button
          variant="default"
          className="no-print"
          disabled={!may || !right || !changed}
          loading={save.isPending}
          onClick={() => save.mutate({ right: right === "right", text })}
        >
          {t("feedback.save")}
        </Button>
      </div>
    </Panel>
  );
}
