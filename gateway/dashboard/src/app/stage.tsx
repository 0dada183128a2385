// The stage before the shell: the mark, one card, the choice of language and theme.
import type { ReactNode } from "react";
import { Brand } from "./brand";
import { LanguageChoice, ThemeChoice } from "./choices";
import style from "./stage.module.css";

export function Stage({ title, about, children }: { title: string; about?: ReactNode; children: ReactNode }) {
  return (
    <div className={style.stage}>
      <div className={style.side} aria-hidden>
        <Rhythm />
      </div>
      <main className={style.main}>
        <div className={style.card}>
          <Brand size={34} />
          <div>
            <h1>{title}</h1>
            {about && <p className={style.about}>{about}</p>}
          </div>
          {children}
        </div>
        <footer className={style.foot}>
          <LanguageChoice />
          <ThemeChoice />
        </footer>
      </main>
    </div>
  );
}

/** The beat of a line: a calm row, and one part that stands out. */
function Rhythm() {
  const rows = 13;
  const n = 22;
  return (
    <svg viewBox={`0 0 ${n * 20} ${rows * 46}`} preserveAspectRatio="xMidYMid slice" className={style.rhythm}>
      {Array.from({ length: rows * n }, (_, i) => {
        const row = Math.floor(i / n);
        const x = (i % n) * 20 + 8;
        const y = row * 46 + 23;
        const odd = (row * 7 + (i % n) * 3) % 61 === 17;
        const tall = odd ? 30 : 10 + 3 * Math.sin(row * 1.3 + (i % n) * 0.55);
        return (
          <rect
            key={i}
            x={x}
            y={y - tall / 2}
            width={4}
            height={tall}
            rx={2}
            className={odd ? style.odd : style.even}
          />
        );
      })}
    </svg>
  );
}
