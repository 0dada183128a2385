// A part of the page that could not be fetched: the gateway was upgraded meanwhile, so that its files have other
// names, or it does not answer. Reloaded once by itself; if that does not help, it says so.

/** That it was reloaded for a missing part, and which one has not come since. */
const RELOADED = "takt.reloaded";

/** A part that could not be fetched. What else goes wrong inside it is no reason to reload. */
export class NotFetched extends Error {
  constructor(cause: unknown) {
    super("a part of the page could not be fetched", { cause });
    this.name = "NotFetched";
  }
}

/** Fetches a part; one that has come makes it possible to reload for a later one. */
export async function fetched<T>(part: () => Promise<T>): Promise<T> {
  try {
    const here = await part();
    sessionStorage.removeItem(RELOADED);
    return here;
  } catch (why) {
    throw new NotFetched(why);
  }
}

/** Loads the page anew, if the gateway answers: a browser's own error page would stay for ever. */
export async function reload(go: () => void = () => location.reload()): Promise<void> {
  const answer = await fetch("/", { cache: "no-store" }).catch(() => undefined);
  if (answer?.ok) go();
}

/** Reloads for a missing part, once until one comes. */
export async function reloadOnce(go?: () => void): Promise<void> {
  if (sessionStorage.getItem(RELOADED) !== null) return;
  await reload(() => {
    sessionStorage.setItem(RELOADED, "yes");
    (go ?? (() => location.reload()))();
  });
}
