// The surfaces of a page: a panel with its title, what is empty, what went wrong, what is coming.
import { Button, Skeleton } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "@/api/problem";
import style from "./panel.module.css";

/** A titled surface. `flush` lets a table or chart reach its edges. */
export function Panel(props: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
  id?: string;
}) {
  return (
    <section
      className={`${style.panel} ${props.className ?? ""}`}
      id={props.id}
      aria-label={typeof props.title === "string" ? props.title : undefined}
    >
      {props.title !== undefined && (
        <header className={style.head}>
          <h2>{props.title}</h2>
          {props.aside && <div className={style.aside}>{props.aside}</div>}
        </header>
      )}
      <div className={props.flush ? style.flush : style.body}>{props.children}</div>
    </section>
  );
}

/** A page's head: where one is, what it is, what can be done. */
export function PageHead(props: {
  title: ReactNode;
  crumb?: ReactNode;
  about?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className={style.page}>
      <div className="grow">
        {props.crumb && <div className={style.crumb}>{props.crumb}</div>}
        <h1>{props.title}</h1>
        {props.about && <p className={style.about}>{props.about}</p>}
      </div>
      {props.children && <div className={`${style.acts} no-print`}>{props.children}</div>}
    </header>
  );
}

/** Nothing here yet: what this place is for, and how to begin. */
export function Empty({ title, children, act }: { title: ReactNode; children?: ReactNode; act?: ReactNode }) {
  return (
    <div className={style.empty}>
      <svg viewBox="0 0 64 24" width="64" height="24" aria-hidden>
        {[4, 14, 24, 44, 54].map((x) => (
          <rect key={x} x={x} y="8" width="4" height="8" rx="2" />
        ))}
        <rect x="34" y="1" width="4" height="22" rx="2" className={style.beat} />
      </svg>
      <h3>{title}</h3>
      {children && <div className={style.teach}>{children}</div>}
      {act}
    </div>
  );
}

/** What went wrong, and what to do. */
export function Trouble({ of, again }: { of: unknown; again?: () => void }) {
  const { t } = useTranslation();
  const problem = Problem.of(of);
  const error = problem.isUnreachable
    ? t("error.unreachable")
    : problem.isAbsent
      ? t("error.absent")
      : problem.message;
  const hint = problem.isUnreachable
    ? t("error.unreachableHint")
    : problem.isAbsent
      ? t("error.absentHint")
      : problem.hint;
  return (
    <div
      className={`${style.trouble} ${problem.isAbsent ? style.absent : ""}`}
      role={problem.isAbsent ? "note" : "alert"}
    >
      <CircleAlert size={18} aria-hidden />
      <div className="grow">
        <p className={style.error}>{error}</p>
        {hint && <p className={style.hint}>{hint}</p>}
      </div>
      {again && !problem.isAbsent && (
        <Button variant="default" size="xs" onClick={again}>
          {t("do.again")}
        </Button>
      )}
    </div>
  );
}

/** A query's answer: loading, trouble, or what it gave. */
export function Answer<T>(props: {
  of: { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown };
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  const { of } = props;
  if (of.data !== undefined) return <>{props.children(of.data)}</>;
  if (of.error)
    return (
      <div className={style.pad}>
        <Trouble of={of.error} again={() => void of.refetch()} />
      </div>
    );
  return (
    <div className={style.pad} aria-busy="true">
      {Array.from({ length: props.rows ?? 3 }, (_, i) => (
        <Skeleton key={i} height={14} mb={12} width={`${90 - i * 14}%`} />
      ))}
    </div>
  );
}

/** Names and values, one below the other. */
export function Pairs({ children }: { children: ReactNode }) {
  return <dl className={style.pairs}>{children}</dl>;
}

export function Pair({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className={style.pair}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A figure that stands for itself, with its name above and what belongs to it below. */
export function Figure({
  name,
  value,
  unit,
  more,
  tone,
}: {
  name: ReactNode;
  value: ReactNode;
  unit?: ReactNode;
  more?: ReactNode;
  tone?: "fail" | "unsure" | undefined;
}) {
  return (
    <div className={style.figure}>
      <div className="label">{name}</div>
      <div className={`${style.value} ${tone ? style[tone] : ""}`}>
        {value}
        {unit && <span className={style.unit}> {unit}</span>}
      </div>
      {more && <div className={style.more}>{more}</div>}
    </div>
  );
}
