// An address that leads nowhere.
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Empty, Panel } from "@/parts/panel";

export function NotThere() {
  const { t } = useTranslation();
  return (
    <Panel>
      <Empty
        title={t("notThere.title")}
        act={
          <Button component={Link} to="/" variant="default">
            {t("notThere.act")}
          </Button>
        }
      >
        {t("notThere.text")}
      </Empty>
    </Panel>
  );
}
