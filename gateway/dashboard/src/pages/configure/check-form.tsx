// What a check judges: inputs, window, when, by which model, how fast.
import { MultiSelect, NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Check, inputsOf, tidy, type Window } from "@/api/written";
import style from "./configure.module.css";

type Props = { check: Check; tags: string[]; readOnly: boolean; set: (next: Check) => void };

const WINDOWS: Record<Window["kind"], (tags: string[]) => Window> = {
  trigger: (tags) => ({
    kind: "trigger",
    tag: tags[0] ?? "",
    edge: "change",
    collect: { before: "1s", after: "0s" },
  }),
  time: () => ({ kind: "time", span: "10s", hop: "1s", step: "100ms" }),
  count: () => ({ kind: "count", size: 100 }),
  frame: () => ({ kind: "frame" }),
};

export function CheckForm({ check, tags, readOnly, set }: Props) {
  const { t } = useTranslation();
  const change = (next: Partial<Check>) => set(tidy({ ...check, ...next }));
  const byRole = !Array.isArray(check.inputs);
  return (
    <fieldset disabled={readOnly} style={{ border: 0, padding: 0, margin: 0 }} className="stack">
      <div className={style.form}>
        <TextInput
          label={t("configure.name")}
          value={check.id}
          onChange={(event) => change({ id: event.currentTarget.value })}
        />
        <TextInput
          label={t("check.model")}
          description={t("check.modelAbout")}
          value={check.model ?? Object.values(check.recipe?.map ?? {}).join(", ")}
          disabled={check.recipe !== undefined}
          onChange={(event) => change({ model: event.currentTarget.value })}
        />
        <TextInput
          label={t("check.deadline")}
          description={t("check.deadlineAbout")}
          placeholder="50ms"
          value={check.deadline ?? ""}
          onChange={(event) => change({ deadline: event.currentTarget.value })}
        />
        <TextInput
          label={t("check.lateness")}
          description={t("check.latenessAbout")}
          placeholder="0ms"
          value={check.lateness ?? ""}
          onChange={(event) => change({ lateness: event.currentTarget.value })}
        />
      </div>
      {byRole ? (
        <p className="soft">
          {t("check.byRole")}{" "}
          {Object.entries(check.inputs)
            .map(([role, tag]) => `${role} = ${tag}`)
            .join(", ")}
        </p>
      ) : (
        <MultiSelect
          label={t("check.inputs")}
          description={t("check.inputsAbout")}
          data={tags}
          value={inputsOf(check)}
          onChange={(inputs) => change({ inputs })}
          searchable
        />
      )}
      <div>
        <p style={{ fontWeight: 500, marginBottom: 6 }}>{t("check.window")}</p>
        <SegmentedControl
          aria-label={t("check.window")}
          value={check.window.kind}
          onChange={(kind) => change({ window: WINDOWS[kind as Window["kind"]](tags) })}
          data={(["trigger", "time", "count", "frame"] as const).map((value) => ({
            value,
            label: t(`windowKind.${value}`),
          }))}
        />
        <p className="quiet small" style={{ margin: "6px 0 12px" }}>
          {t(`windowAbout.${check.window.kind}`)}
        </p>
        <WindowFields window={check.window} tags={tags} set={(window) => change({ window })} />
      </div>
      <Production check={check} tags={tags} change={change} />
    </fieldset>
  );
}

function WindowFields({
  window,
  tags,
  set,
}: {
  window: Window;
  tags: string[];
  set: (next: Window) => void;
}) {
  const { t } = useTranslation();
  const text = (key: "span" | "step" | "max_age", label: string) => (
    <TextInput
      label={label}
      value={window[key] ?? ""}
      onChange={(event) => set({ ...window, [key]: event.currentTarget.value })}
    />
  );
  if (window.kind === "trigger") {
    return (
      <div className={style.form}>
        <Select
          label={t("check.trigger")}
          data={tags}
          value={window.tag ?? null}
          searchable
          onChange={(tag) => set({ ...window, tag: tag ?? undefined })}
        />
        <Select
          label={t("check.edge")}
          data={(["change", "rising", "falling"] as const).map((value) => ({
            value,
            label: t(`edge.${value}`),
          }))}
          value={window.edge ?? "change"}
          onChange={(edge) => set({ ...window, edge: edge ?? undefined })}
        />
        <TextInput
          label={t("check.before")}
          value={window.collect?.before ?? ""}
          onChange={(event) =>
            set({ ...window, collect: { ...window.collect, before: event.currentTarget.value } })
          }
        />
        <TextInput
          label={t("check.after")}
          value={window.collect?.after ?? ""}
          onChange={(event) =>
            set({ ...window, collect: { ...window.collect, after: event.currentTarget.value } })
          }
        />
      </div>
    );
  }
  if (window.kind === "time") {
    return (
      <div className={style.form}>
        {text("span", t("check.span"))}
        <TextInput
          label={t("check.hop")}
          value={String(window.hop ?? "")}
          onChange={(event) => set({ ...window, hop: event.currentTarget.value })}
        />
        {text("step", t("check.step"))}
        {text("max_age", t("check.maxAge"))}
      </div>
    );
  }
  if (window.kind === "count") {
    return (
      <div className={style.form}>
        <NumberInput
          label={t("check.size")}
          min={1}
          value={window.size ?? ""}
          onChange={(size) => set({ ...window, size: typeof size === "number" ? size : undefined })}
        />
        <NumberInput
          label={t("check.hop")}
          min={1}
          value={typeof window.hop === "number" ? window.hop : ""}
          onChange={(hop) => set({ ...window, hop: typeof hop === "number" ? hop : undefined })}
        />
      </div>
    );
  }
  return null;
}

/** A condition's value as typed: a number where it is one. */
const scalar = (text: string): number | string | boolean =>
  text === "true"
    ? true
    : text === "false"
      ? false
      : text.trim() !== "" && Number.isFinite(Number(text))
        ? Number(text)
        : text;

function Production({
  check,
  tags,
  change,
}: {
  check: Check;
  tags: string[];
  change: (next: Partial<Check>) => void;
}) {
  const { t } = useTranslation();
  const when = check.when;
  return (
    <div className={style.form}>
      <Select
        label={t("check.when")}
        description={t("check.whenAbout")}
        clearable
        allowDeselect
        data={tags}
        value={when?.tag ?? null}
        searchable
        onChange={(tag) => change({ when: tag ? { tag, equals: when?.equals ?? 1 } : undefined })}
      />
      {when && when.above === undefined && when.below === undefined && !when.one_of && (
        <TextInput
          label={t("check.equals")}
          value={String(when.equals ?? "")}
          onChange={(event) => change({ when: { tag: when.tag, equals: scalar(event.currentTarget.value) } })}
        />
      )}
      {check.recipe && (
        <p className="soft">
          {t("check.recipe", { tag: check.recipe.tag })}{" "}
          {Object.entries(check.recipe.map)
            .map(([value, model]) => `${value} → ${model}`)
            .join(", ")}
        </p>
      )}
    </div>
  );
}
