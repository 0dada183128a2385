// One line as written: tags, checks, outputs, and the text behind them.
import { Button, Tabs } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { draftLine, draftLineRemoved, type Placed, useConfiguration, useDocument } from "@/api/drafts";
import { Problem } from "@/api/problem";
import { useMay } from "@/api/session";
import { type Connection, type Line, lineDocument } from "@/api/written";
import { Answer, PageHead, Panel, Trouble } from "@/parts/panel";
import { Plain } from "@/parts/plain";
import { Checks } from "./checks";
import { Origin } from "./configure";
import style from "./configure.module.css";
import { DraftBar } from "./draft-bar";
import { Tags } from "./tags";

const route = getRouteApi("/configure/$line");

export default function ConfigureLine() {
  const { t } = useTranslation();
  const { line: id } = route.useParams();
  const configuration = useConfiguration();
  return (
    <Answer
      of={{
        ...configuration,
        data: configuration.isPending ? undefined : configuration,
      }}
    >
      {({ lines, connections }) => {
        const line = lines.find((one) => one.id === id);
        return line ? (
          <Editor line={line} connections={connections} />
        ) : (
          <Trouble of={new Problem(404, t("line.gone", { line: id }), t("configure.lineGoneHint"))} />
        );
      }}
    </Answer>
  );
}

export type EditorProps = {
  line: Placed<Line>;
  connections: Connection[];
  change: (next: Partial<Line>) => void;
  readOnly: boolean;
};

function Editor({ line, connections }: { line: Placed<Line>; connections: Connection[] }) {
  const { t } = useTranslation();
  const { tab = "tags" } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay("engineer");
  const readOnly = !may || line.origin === "file";
  const base = line.document === lineDocument(line.id) ? line.version : 0;
  const props: EditorProps = {
    line,
    connections,
    readOnly,
    change: (next) => draftLine({ ...line, ...next }, base),
  };
  return (
    <>
      <PageHead
        title={line.id}
        crumb={
          <>
            <Link to="/configure">{t("nav.configure")}</Link> / {t("line.crumb")}
          </>
        }
      >
        <Origin of={line} />
        <Button
          variant="default"
          component={Link}
          {...({ to: "/line/$line", params: { line: line.id } } as object)}
        >
          {t("configure.watch")}
        </Button>
        {!readOnly && (
          <Button
            variant="default"
            leftSection={<Trash2 size={16} />}
            onClick={() => {
              draftLineRemoved(line.id, base);
              void navigate({ to: "/configure" });
            }}
          >
            {t("do.remove")}
          </Button>
        )}
      </PageHead>
      <DraftBar />
      {line.origin === "file" && !line.isDraft && (
        <p className="soft" style={{ marginBottom: 14 }}>
          {t("configure.fileAbout", { name: line.document })}
        </p>
      )}
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: next ? { tab: next } : {} })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="tags">{t("configure.tags", { n: line.tags?.length ?? 0 })}</Tabs.Tab>
          <Tabs.Tab value="checks">{t("configure.checks", { n: line.checks?.length ?? 0 })}</Tabs.Tab>
          <Tabs.Tab value="text">{t("configure.text")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="tags">
          <Tags {...props} />
        </Tabs.Panel>
        <Tabs.Panel value="checks">
          <Checks {...props} />
        </Tabs.Panel>
        <Tabs.Panel value="text">
          <Text line={line} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Text({ line }: { line: Placed<Line> }) {
  const { t } = useTranslation();
  const document = useDocument(line.origin === "new" ? undefined : line.document);
  return (
    <Panel title={line.document} flush>
      {line.origin === "new" ? (
        <p className={style.item}>{t("configure.notApplied")}</p>
      ) : (
        <Answer of={document}>
          {(one) => (
            <Plain label={t("configure.text")} className={style.text}>
              {one.text ?? JSON.stringify(one.form, null, 2)}
            </Plain>
          )}
        </Answer>
      )}
    </Panel>
  );
}
