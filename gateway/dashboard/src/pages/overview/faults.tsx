// What is wrong, where, and where to look: nothing here when all is well.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Fault } from "@/api/types";
import { Mark } from "@/parts/mark";
import { localTimes } from "@/text/times";
import style from "./faults.module.css";

export function Faults({ faults }: { faults: readonly Fault[] }) {
  const { t } = useTranslation();
  if (faults.length === 0) return null;
  return (
    <ul className={style.faults} aria-label={t("overview.faults")}>
      {faults.map((fault) => {
        const bad = fault.severity === "not_ready";
        return (
          <li key={fault.place + fault.why} className={bad ? style.bad : style.soft}>
            <Mark of={bad ? "bad" : "warn"} size={14} label={t(bad ? "overview.severe" : "overview.mild")} />
            <div className="grow">
              <PlaceName place={fault.place} /> <span>{localTimes(fault.why)}</span>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** A place as a link to where something can be done about it. */
export function PlaceName({ place }: { place: string }) {
  const [line, check] = place.split("/");
  if (line && check)
    return (
      <Link to="/line/$line" params={{ line }} search={{ check }} className={style.place}>
        {place}
      </Link>
    );
  if (place.startsWith("connection "))
    return (
      <Link to="/configure" search={{ tab: "connections" }} className={style.place}>
        {place}
      </Link>
    );
  return <b className={style.place}>{place}</b>;
}
