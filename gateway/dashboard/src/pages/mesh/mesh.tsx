// Mesh and fleet: what they will be, and honestly that they are not there yet.
import { useTranslation } from "react-i18next";
import { Empty, PageHead, Panel } from "@/parts/panel";

export default function Mesh() {
  const { t } = useTranslation();
  return (
    <>
      <PageHead title={t("mesh.title")} about={t("mesh.about")} />
      <div className="stack">
        <Panel title={t("mesh.mesh")}>
          <Empty title={t("mesh.notYet")}>{t("mesh.meshText")}</Empty>
        </Panel>
        <Panel title={t("mesh.fleet")}>
          <Empty title={t("mesh.notYet")}>{t("mesh.fleetText")}</Empty>
        </Panel>
      </div>
    </>
  );
}
