// Whether what is shown is live: a word in the rail, and a banner over the page when it is not.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLive } from "@/api/live";
import { clock } from "@/text/format";
import style from "./live-word.module.css";

export function LiveWord({ short }: { short?: boolean }) {
  const { t } = useTranslation();
  const link = useLive((live) => live.link);
  const second = useLive((live) => Math.floor(live.seenAt / 1_000));
  return (
    <p className={`${style.word} ${style[link]} ${short ? style.short : ""}`}>
      <i aria-hidden />
      {link === "live" ? (
        <>
          {t("live.live")} <span className={style.time}>{clock(second * 1_000)}</span>
        </>
      ) : (
        t(`live.${link}`)
      )}
    </p>
  );
}

/** Old values must never look like new ones. */
export function LiveBanner() {
  const { t } = useTranslation();
  const link = useLive((live) => live.link);
  const seenAt = useLive((live) => (live.link === "stale" ? live.seenAt : 0));
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (link !== "opening") return;
    const timer = setTimeout(() => setLate(true), 4_000);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [link]);
  useEffect(() => {
    document.documentElement.toggleAttribute("data-stale", link === "stale");
  }, [link]);
  if (link === "stale")
    return (
      <div className={style.banner} role="status">
        {t("live.staleSince", { time: clock(seenAt) })}
      </div>
    );
  if (late)
    return (
      <div className={style.banner} role="status">
        {t("live.never")}
      </div>
    );
  return null;
}
