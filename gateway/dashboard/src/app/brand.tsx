// The mark: the beat of a line, one stroke struck.
import style from "./brand.module.css";

export function Brand({ size = 26, word = true }: { size?: number; word?: boolean }) {
  return (
    <span className={style.brand} style={{ fontSize: size * 0.72 }}>
      <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden>
        <rect width="32" height="32" rx="7" className={style.plate} />
        <g className={style.even}>
          <rect x="6" y="12" width="3.2" height="8" rx="1.6" />
          <rect x="11.6" y="12" width="3.2" height="8" rx="1.6" />
          <rect x="22.8" y="12" width="3.2" height="8" rx="1.6" />
        </g>
        <rect x="17.2" y="6" width="3.2" height="20" rx="1.6" className={style.struck} />
      </svg>
      {word && <span className={style.word}>Takt</span>}
    </span>
  );
}
