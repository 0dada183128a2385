// Signing in, and the first start: the one-time code makes the first administrator.
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "@/api/problem";
import { useSigning } from "@/api/session";
import { Trouble } from "@/parts/panel";
import { lasting } from "@/text/format";
import { Stage } from "./stage";

/** What the gateway asks of a password at least. */
const PASSWORD_MIN = 10;

/** Counts down to when the gateway lets one try again. */
function useWait(problem: Problem | undefined): number {
  const [now, setNow] = useState(() => Date.now());
  const limited = problem?.status === 429 ? problem : undefined;
  useEffect(() => {
    if (!limited) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [limited]);
  return limited
    ? Math.max(0, Math.ceil((limited.at + (limited.retryAfterS ?? 10) * 1_000 - now) / 1_000))
    : 0;
}

/** `ended`: whose session ended by itself. */
export function SignIn({ ended }: { ended?: string | undefined }) {
  const { t } = useTranslation();
  const { signIn } = useSigning();
  const form = useForm({
    initialValues: { user: ended ?? "", password: "" },
    validate: {
      user: (v) => (v ? null : t("signIn.userMissing")),
      password: (v) => (v ? null : t("signIn.passwordMissing")),
    },
  });
  const act = useMutation({
    mutationFn: (v: { user: string; password: string }) => signIn(v.user, v.password),
  });
  const problem = act.error ? Problem.of(act.error) : undefined;
  const wait = useWait(problem);
  return (
    <Stage title={t("signIn.title")} about={t("signIn.about", { host: location.host })}>
      <form className="stack" onSubmit={form.onSubmit((v) => act.mutate(v))} noValidate>
        {ended && !problem && <p role="status">{t("signIn.ended")}</p>}
        {problem && <Trouble of={problem} />}
        <TextInput
          label={t("signIn.user")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          {...form.getInputProps("user")}
        />
        <PasswordInput
          label={t("signIn.password")}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" loading={act.isPending} disabled={wait > 0}>
          {wait > 0 ? t("signIn.wait", { time: lasting(wait) }) : t("signIn.act")}
        </Button>
        <p className="small quiet">
          {t("signIn.lost")} <code>takt user password NAME</code>
        </p>
      </form>
    </Stage>
  );
}

export function SetUp() {
  const { t } = useTranslation();
  const { setUp } = useSigning();
  const form = useForm({
    initialValues: { code: "", user: "", password: "", again: "" },
    validate: {
      code: (v) => (v.trim() ? null : t("setUp.codeMissing")),
      user: (v) => (v.trim() ? null : t("signIn.userMissing")),
      password: (v) => (v.length >= PASSWORD_MIN ? null : t("setUp.passwordShort", { n: PASSWORD_MIN })),
      again: (v, all) => (v === all.password ? null : t("setUp.differs")),
    },
  });
  const act = useMutation({
    mutationFn: (v: { code: string; user: string; password: string }) =>
      setUp(v.code.trim(), v.user.trim(), v.password),
  });
  return (
    <Stage title={t("setUp.title")} about={t("setUp.about")}>
      <form className="stack" onSubmit={form.onSubmit((v) => act.mutate(v))} noValidate>
        {act.error && <Trouble of={act.error} />}
        <TextInput
          label={t("setUp.code")}
          description={t("setUp.codeAbout")}
          autoComplete="one-time-code"
          spellCheck={false}
          ff="monospace"
          {...form.getInputProps("code")}
        />
        <TextInput
          label={t("signIn.user")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          {...form.getInputProps("user")}
        />
        <PasswordInput
          label={t("setUp.password")}
          description={t("setUp.passwordAbout", { n: PASSWORD_MIN })}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          {...form.getInputProps("password")}
        />
        <PasswordInput
          label={t("setUp.again")}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("signIn.show") }}
          {...form.getInputProps("again")}
        />
        <Button type="submit" size="md" loading={act.isPending}>
          {t("setUp.act")}
        </Button>
      </form>
    </Stage>
  );
}
