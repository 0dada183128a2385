// A verdict's sign: shape and colour together, so that neither is needed alone.
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/types";
import style from "./mark.module.css";

export type Standing = "ok" | "idle" | "warn" | "bad" | "unknown";
const SHAPES: Record<Kind | Standing, { path: string; tone: string }> = {
  pass: { path: "M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 1 1 0-11.6z", tone: "pass" },
  fail: { path: "M8 1.4 15 14H1z", tone: "fail" },
  inconclusive: { path: "M8 1 15 8 8 15 1 8z", tone: "unsure" },
  ok: { path: "M8 2.2a5.8 5.8 0 1 1 0 11.6a5.8 5.8 0 1 1 0-11.6z", tone: "pass" },
  idle: { path: "M4 3h3v10H4zM9 3h3v10H9z", tone: "idle" },
  warn: { path: "M8 1 15 8 8 15 1 8z", tone: "unsure" },
  bad: { path: "M8 1.4 15 14H1z", tone: "fail" },
  unknown: { path: "M2 6.6h12v2.8H2z", tone: "idle" },
};

/** The sign alone; the word beside it, or `label`, says the same to a screen reader. */
export function Mark({ of, size = 12, label }: { of: Kind | Standing; size?: number; label?: string }) {
  const { path, tone } = SHAPES[of];
  const says = label ? { role: "img", "aria-label": label } : { "aria-hidden": true };
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} className={`${style.mark} ${style[tone]}`} {...says}>
      <path d={path} />
    </svg>
  );
}

/** A verdict in words, with its sign. */
export function VerdictWord({ of, strong }: { of: Kind; strong?: boolean }) {
  const { t } = useTranslation();
  return (
    <span className={`${style.word} ${strong ? style.strong : ""} ${style[SHAPES[of].tone]}`}>
      <Mark of={of} size={strong ? 15 : 11} />
      {t(`verdict.${of}`)}
    </span>
  );
}

/** A standing in words, as a soft badge. */
export function Badge({ of, children, title }: { of: Standing; children: React.ReactNode; title?: string }) {
  return (
    <span className={`${style.badge} ${style[SHAPES[of].tone]}`} title={title}>
      <Mark of={of} size={10} />
      <span>{children}</span>
    </span>
  );
}
