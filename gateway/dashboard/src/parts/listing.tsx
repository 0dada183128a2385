// A table that is one on a wide screen and a card a row on a phone, where each value says what it is.
import type { ReactNode } from "react";
import style from "./listing.module.css";

export type Column<T> = {
  name: ReactNode;
  cell: (row: T, index: number) => ReactNode;
  /** Figures stand at the right, so that their digits line up. */
  number?: boolean;
  /** The one that names the row; on a phone it is the card's title. */
  title?: boolean;
  /** Buttons: their column has a name for screen readers only. */
  acts?: boolean;
  /** Keeps a value such as a time on one line. */
  whole?: boolean;
  /** Long text that may take what is left. */
  wide?: boolean;
};

export function Listing<T>(props: {
  rows: readonly T[];
  columns: readonly Column<T>[];
  keyOf: (row: T, index: number) => string;
  label?: string;
}) {
  const { rows, columns, keyOf, label } = props;
  return (
    <div className={style.place}>
      <table className={style.listing} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column, i) => (
              <th key={i} scope="col" className={column.number || column.acts ? style.number : undefined}>
                {column.acts ? <span className="hidden-text">{column.name}</span> : column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, n) => (
            <tr key={keyOf(row, n)}>
              {columns.map((column, i) => (
                <td key={i} className={classOf(column)}>
                  {!column.title && !column.acts && (
                    <span className={style.name} aria-hidden>
                      {column.name}
                    </span>
                  )}
                  <div className={style.value}>{column.cell(row, n)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const classOf = (column: Column<never>): string =>
  [
    column.number && style.number,
    column.title && style.title,
    column.acts && style.acts,
    column.whole && style.whole,
    column.wide && style.wide,
  ]
    .filter(Boolean)
    .join(" ");
