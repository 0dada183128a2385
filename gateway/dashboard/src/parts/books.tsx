// The books: received = judged + dropped + waiting. They close at any time, or something is lost.
import { useTranslation } from "react-i18next";
import type { BooksStatus } from "@/api/types";
import { count } from "@/text/format";
import { Badge } from "./mark";
import style from "./books.module.css";

export function BooksWord({ books }: { books: BooksStatus }) {
  const { t } = useTranslation();
  return <Badge of={books.close ? "ok" : "bad"}>{t(books.close ? "books.close" : "books.open")}</Badge>;
}

export function Books({ books }: { books: BooksStatus }) {
  const { t } = useTranslation();
  const reasons = Object.entries(books.reasons).sort((a, b) => b[1] - a[1]);
  return (
    <div className="stack-tight">
      <div className={style.sum}>
        {(["received", "judged", "dropped", "waiting"] as const).map((name, i) => (
          <span key={name} className={style.term}>
            {i > 0 && (
              <span className={style.sign} aria-hidden>
                {i === 1 ? "=" : "+"}
              </span>
            )}
            <span>
              <b>{count(books[name])}</b>
              <span className="label">{t(`books.${name}`)}</span>
            </span>
          </span>
        ))}
      </div>
      {reasons.length > 0 && (
        <ul className={style.reasons}>
          {reasons.map(([reason, n]) => (
            <li key={reason}>
              <span>{reason.replaceAll("_", " ")}</span>
              <b>{count(n)}</b>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
