// The checks of a line: what each judges, in which window, by which model, and what it tells the PLC.
import { Accordion, Button } from "@mantine/core";
import { Plus, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Check } from "@/api/written";
import { Empty, Panel } from "@/parts/panel";
import { CheckForm } from "./check-form";
import type { EditorProps } from "./line";
import { freeName } from "./names";
import { OutputsForm } from "./outputs-form";
import { WindowPreview } from "./window-preview";

export function Checks(props: EditorProps) {
  const { t } = useTranslation();
  const { line, change, readOnly } = props;
  const checks = line.checks ?? [];
  const tags = line.tags?.map((tag) => tag.id) ?? [];
  const set = (i: number, next: Check) => change({ checks: checks.map((old, n) => (n === i ? next : old)) });
  const add = () =>
    change({
      checks: [
        ...checks,
        {
          id: freeName(
            "check",
            checks.map((one) => one.id),
          ),
          inputs: tags,
          window: {
            kind: "trigger",
            tag: tags[0] ?? "",
            edge: "change",
            collect: { before: "1s", after: "0s" },
          },
          deadline: "50ms",
        },
      ],
    });
  return (
    <div className="stack">
      {checks.length === 0 && (
        <Panel>
          <Empty title={t("check.none")}>{t(tags.length === 0 ? "check.noTags" : "check.noneText")}</Empty>
        </Panel>
      )}
      {checks.map((check, i) => (
        <Panel
          key={i}
          title={check.id}
          aside={
            !readOnly && (
              <Button
                variant="default"
                leftSection={<Trash2 size={16} />}
                onClick={() => change({ checks: checks.filter((_, n) => n !== i) })}
              >
                {t("do.remove")}
              </Button>
            )
          }
        >
          <div className="stack">
            <WindowPreview line={line.id} check={check} />
            <Accordion multiple defaultValue={["what", "outputs"]} variant="separated">
              <Accordion.Item value="what">
                <Accordion.Control>{t("check.what")}</Accordion.Control>
                <Accordion.Panel>
                  <CheckForm check={check} tags={tags} readOnly={readOnly} set={(next) => set(i, next)} />
                </Accordion.Panel>
              </Accordion.Item>
              <Accordion.Item value="outputs">
                <Accordion.Control>{t("check.outputs", { n: check.outputs?.length ?? 0 })}</Accordion.Control>
                <Accordion.Panel>
                  <OutputsForm
                    line={line.id}
                    check={check}
                    connections={props.connections}
                    readOnly={readOnly}
                    set={(outputs) => set(i, { ...check, outputs })}
                  />
                </Accordion.Panel>
              </Accordion.Item>
            </Accordion>
          </div>
        </Panel>
      ))}
      {!readOnly && tags.length > 0 && (
        <div>
          <Button variant="default" leftSection={<Plus size={16} />} onClick={add}>
            {t("check.add")}
          </Button>
        </div>
      )}
    </div>
  );
}
