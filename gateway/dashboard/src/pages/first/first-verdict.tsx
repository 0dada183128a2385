// The first verdict of a new line, as soon as there is one.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { kindOf, useLine } from "@/api/live";
import { VerdictWord } from "@/parts/mark";
import { Empty, Panel } from "@/parts/panel";
import { clock } from "@/text/format";

export function FirstVerdict({ line }: { line: string }) {
  const { t } = useTranslation();
  const last = useLine(line)
    ?.checks.map((check) => check.last)
    .find(Boolean);
  return (
    <Panel>
      <Empty
        title={last ? t("first.verdict") : t("first.waiting")}
        act={
          <Button component={Link} {...({ to: "/line/$line", params: { line } } as object)}>
            {t("learn.watch")}
          </Button>
        }
      >
        {last ? (
          <p>
            <VerdictWord of={kindOf(last.verdict)} strong /> {clock(last.at)}{" "}
            {last.reason?.replaceAll("_", " ")}
          </p>
        ) : (
          t("first.waitingText")
        )}
      </Empty>
    </Panel>
  );
}
