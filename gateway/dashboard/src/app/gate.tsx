// Who comes in: nobody yet (first start), somebody who must sign in, or somebody who has.
import { useQueryClient } from "@tanstack/react-query";
import { Activity, lazy, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { whenExpired } from "@/api/client";
import { ownDrafts } from "@/api/drafts";
import { follow } from "@/api/live";
import { Problem } from "@/api/problem";
import { SESSION_KEY, useSession } from "@/api/session";
import type { Session } from "@/api/types";
import { Trouble } from "@/parts/panel";
import { setZone } from "@/text/format";
import { fetched } from "./fetched";
import { SetUp, SignIn } from "./sign-in";
import { Stage } from "./stage";
import { WhenFetched } from "./when-fetched";

/** When the pages are fetched that nobody may see yet: after the first form is there. */
const PAGES_AFTER_MS = 2_000;

const pages = () => fetched(() => import("./pages"));
const Pages = lazy(pages);

export function Gate() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data: session, error, refetch } = useSession();
  const signedIn = session?.signed_in ?? false;
  setZone(session?.zone ?? undefined);

  useEffect(() => whenExpired(() => void client.invalidateQueries({ queryKey: SESSION_KEY })), [client]);
  useEffect(() => {
    if (!signedIn) return;
    return follow(() => void client.invalidateQueries({ queryKey: SESSION_KEY }));
  }, [signedIn, client]);

  // Fetched while somebody types a name, or beside the question of who is there.
  useEffect(() => {
    // If that fails, it is fetched again, and told, when it is needed.
    const early = () => void pages().catch(() => {});
    const soon = setTimeout(early, signedIn ? 0 : PAGES_AFTER_MS);
    return () => clearTimeout(soon);
  }, [signedIn]);

  const shownTo = useShownTo(session);
  if (session?.setup_needed) return <SetUp />;
  if (session)
    return (
      <>
        {shownTo !== undefined && (
          // A session that ended by itself hides the page and keeps it: a half-edited form is there again
          // when the same person comes back. For anybody else it is made anew.
          <Activity key={shownTo} mode={signedIn ? "visible" : "hidden"}>
            <WhenFetched>
              <Suspense fallback={null}>
                <Pages />
              </Suspense>
            </WhenFetched>
          </Activity>
        )}
        {!signedIn && <SignIn ended={shownTo} />}
      </>
    );
  if (error)
    return (
      <Stage title={t("gate.away")}>
        <Trouble of={Problem.of(error)} again={() => void refetch()} />
      </Stage>
    );
  return null;
}

/** Whose page it is: who is signed in, or who was when the session ended. */
function useShownTo(session: Session | undefined): string | undefined {
  const client = useQueryClient();
  const last = useRef<string>(undefined);
  const user = session?.signed_in ? (session.user ?? undefined) : undefined;
  /* eslint-disable react-hooks/refs -- it only follows the session, and never asks for another drawing */
  if (user !== undefined && user !== last.current) {
    last.current = user;
    ownDrafts(user);
    // What one user saw is not for the next.
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION_KEY[0] });
  }
  return last.current;
  /* eslint-enable react-hooks/refs */
}
