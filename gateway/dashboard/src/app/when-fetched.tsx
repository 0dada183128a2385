// What is shown where a part of the page could not be fetched.
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "@/api/problem";
import { Trouble } from "@/parts/panel";
import { NotFetched, reload, reloadOnce } from "./fetched";
import { Stage } from "./stage";

interface Fallen {
  /** What was thrown, in a box: anything can be thrown. */
  thrown?: { error: unknown };
}

/** Around a part that is fetched: what went wrong, instead of an empty page. */
export class WhenFetched extends Component<{ children: ReactNode }, Fallen> {
  override state: Fallen = {};

  static getDerivedStateFromError(error: unknown): Fallen {
    return { thrown: { error } };
  }

  override componentDidCatch(error: unknown) {
    if (error instanceof NotFetched) void reloadOnce();
  }

  override render() {
    const { thrown } = this.state;
    return thrown ? <Missing error={thrown.error} /> : this.props.children;
  }
}

function Missing({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const why = error instanceof NotFetched ? "" : error instanceof Error ? error.message : String(error);
  return (
    <Stage title={t("gate.missing")}>
      <Trouble
        of={new Problem(0, why || t("gate.notFetched"), t("gate.missingHint"))}
        again={() => void reload()}
      />
    </Stage>
  );
}
