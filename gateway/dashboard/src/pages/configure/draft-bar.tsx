// Changes wait here until somebody has seen their difference and applied them, with a note why.
import { Button, Modal, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Checked, DocumentProblem } from "@/api/types";
import { Problem } from "@/api/problem";
import {
  dropDraft,
  dropDrafts,
  type Moved,
  rebase,
  useApply,
  useCheck,
  useDrafts,
  useMoved,
} from "@/api/drafts";
import { Mark } from "@/parts/mark";
import { Trouble } from "@/parts/panel";
import { moment } from "@/text/format";
import style from "./configure.module.css";

export function DraftBar() {
  const { t } = useTranslation();
  const drafts = useDrafts();
  const n = Object.keys(drafts).length;
  const [opened, modal] = useDisclosure(false);
  const check = useCheck();
  const moved = useMoved();
  if (n === 0) return null;
  const open = () => {
    check.mutate();
    modal.open();
  };
  return (
    <div className={style.draft} role="status">
      <span className="grow">
        {t("draft.waiting", { count: n })}{" "}
        <span className="quiet small">{Object.keys(drafts).join(", ")}</span>
        {moved.length > 0 && (
          <span className={style.movedWord}>
            <Mark of="warn" size={11} />{" "}
            {t("draft.movedWord", { names: moved.map((one) => one.name).join(", ") })}
          </span>
        )}
      </span>
      <Button variant="default" onClick={dropDrafts}>
        {t("draft.discard")}
      </Button>
      <Button onClick={open}>{t("draft.review")}</Button>
      <Modal opened={opened} onClose={modal.close} title={t("draft.title")} size="xl">
        {check.error && <Trouble of={check.error} again={() => check.mutate()} />}
        {check.isPending && <p className="quiet">{t("draft.checking")}</p>}
        {moved.length > 0 && <MovedNote of={moved} again={() => check.mutate()} />}
        {check.data && <Review checked={check.data} done={modal.close} isMoved={moved.length > 0} />}
      </Modal>
    </div>
  );
}

/** Somebody else applied a version since the draft began: who, and the two ways on. */
function MovedNote({ of, again }: { of: Moved[]; again: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={style.moved} role="alert">
      {of.map((one) => (
        <p key={one.name}>
          <b>
            {t("draft.moved", {
              name: one.name,
              version: one.version,
              by: one.by || "–",
              at: one.at ? moment(one.at) : "–",
            })}
          </b>{" "}
          {one.note && t("draft.movedNote", { note: one.note })}
        </p>
      ))}
      <p>{t("draft.movedAbout")}</p>
      <div className="row wrap">
        <Button
          variant="default"
          onClick={() => {
            for (const one of of) dropDraft(one.name);
          }}
        >
          {t("draft.takeTheirs")}
        </Button>
        <Button
          variant="default"
          onClick={() => {
            rebase(of);
            again();
          }}
        >
          {t("draft.keepMine")}
        </Button>
      </div>
    </div>
  );
}

function Review({ checked, done, isMoved }: { checked: Checked; done: () => void; isMoved: boolean }) {
  const { t } = useTranslation();
  const [note, setNote] = useState("");
  const apply = useApply();
  const act = () =>
    apply.mutate(note, {
      onSuccess: () => {
        done();
        notifications.show({ message: t("draft.applied") });
      },
    });
  return (
    <div className="stack">
      {checked.problems.map((problem, i) => (
        <Trouble key={i} of={problemOf(problem)} />
      ))}
      <DifferenceTable of={checked} />
      <ul className="stack-tight">
        {checked.lines_restarted.length > 0 && (
          <li>
            <Mark of="warn" size={11} /> {t("draft.restarted", { lines: checked.lines_restarted.join(", ") })}
          </li>
        )}
        {checked.lines_drawn_in.length > 0 && (
          <li>
            <Mark of="warn" size={11} /> {t("draft.drawnIn", { lines: checked.lines_drawn_in.join(", ") })}
          </li>
        )}
        {checked.lines_stopped.length > 0 && (
          <li>
            <Mark of="bad" size={11} /> {t("draft.stopped", { lines: checked.lines_stopped.join(", ") })}
          </li>
        )}
        {checked.lines_untouched.length > 0 && (
          <li>
            <Mark of="ok" size={11} /> {t("draft.untouched", { lines: checked.lines_untouched.join(", ") })}
          </li>
        )}
        {checked.outputs_disarmed.length > 0 && (
          <li>
            <Mark of="bad" size={11} />{" "}
            {t("draft.disarmed", { outputs: checked.outputs_disarmed.join(", ") })}
          </li>
        )}
      </ul>
      {apply.error && !isMoved && <Trouble of={apply.error} />}
      <TextInput
        label={t("draft.note")}
        description={t("draft.noteAbout")}
        value={note}
        maxLength={200}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Button disabled={checked.problems.length > 0 || isMoved} loading={apply.isPending} onClick={act}>
        {t("draft.apply")}
      </Button>
    </div>
  );
}

export function DifferenceTable({ of }: { of: Pick<Checked, "difference"> }) {
  const { t } = useTranslation();
  if (of.difference.length === 0) return <p className="quiet">{t("draft.same")}</p>;
  return (
    <table className={style.diff}>
      <tbody>
        {of.difference.map((one, i) => (
          <tr key={i}>
            <td>
              <b>{one.place}</b>
              <div className="quiet mono">{one.key}</div>
            </td>
            <td className={style.before}>{shown(one.before)}</td>
            <td className={style.after}>{shown(one.after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A mistake in a document, with the place where it stands. */
export function problemOf(one: DocumentProblem): Problem {
  const place = [one.document, one.line ? `${one.line}` : undefined].filter(Boolean).join(":");
  return new Problem(0, [place, one.key, one.error].filter(Boolean).join(" · "), one.hint ?? "");
}

const shown = (value: unknown): string =>
  value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
