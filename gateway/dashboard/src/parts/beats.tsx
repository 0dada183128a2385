// The last verdicts, one beat each: a line that runs well is a calm row, a fail stands out by height and shape.
import { useElementSize } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { kindOf } from "@/api/live";
import type { VerdictView } from "@/api/types";
import style from "./beats.module.css";

const STEP = 8;
const HEIGHT = 30;
/** Fewer say nothing, more than the stream keeps are not there. */
const [N_MIN, N_MAX] = [20, 200];

export function Beats({ verdicts }: { verdicts: readonly VerdictView[] }) {
  const { t } = useTranslation();
  const { ref, width: room } = useElementSize();
  const n = Math.max(N_MIN, Math.min(N_MAX, Math.floor(room / STEP)));
  const shown = verdicts.slice(-n);
  const nFails = shown.filter((one) => one.verdict === "fail").length;
  const width = n * STEP;
  const first = n - shown.length;
  return (
    <div ref={ref}>
      <svg
        className={style.beats}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("overview.beats", { n: shown.length, fails: nFails })}
      >
        {Array.from({ length: first }, (_, i) => (
          <rect
            key={`n${i}`}
            className={style.none}
            x={i * STEP + 2}
            y={HEIGHT / 2 - 1}
            width={3}
            height={2}
            rx={1}
          />
        ))}
        {shown.map((one, i) => {
          const x = (first + i) * STEP + 1;
          const kind = kindOf(one.verdict);
          const key = `${one.epoch}/${one.seq}`;
          if (kind === "fail")
            return (
              <rect key={key} className={style.fail} x={x} y={1} width={5} height={HEIGHT - 2} rx={1.5} />
            );
          if (kind === "pass")
            return (
              <rect
                key={key}
                className={style.pass}
                x={x + 0.5}
                y={HEIGHT / 2 - 5}
                width={4}
                height={10}
                rx={2}
              />
            );
          return (
            <g key={key} className={style.unsure}>
              <rect x={x} y={HEIGHT / 2 - 9} width={5} height={7} rx={1.5} />
              <rect x={x} y={HEIGHT / 2 + 2} width={5} height={7} rx={1.5} />
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** A small course of figures, without axes: its end is what counts, and stands beside it as text. */
export function Spark({ values, label }: { values: readonly number[]; label: string }) {
  const most = Math.max(...values, 1e-9) * 1.1;
  const step = values.length > 1 ? 100 / (values.length - 1) : 100;
  const points = values.map(
    (value, i) => `${(i * step).toFixed(2)},${(24 - (22 * value) / most).toFixed(2)}`,
  );
  if (values.length < 2) return <svg className={style.spark} viewBox="0 0 100 26" aria-hidden />;
  return (
    <svg
      className={style.spark}
      viewBox="0 0 100 26"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <polygon points={`0,26 ${points.join(" ")} 100,26`} />
      <polyline points={points.join(" ")} />
    </svg>
  );
}
