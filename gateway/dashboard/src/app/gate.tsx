// Who comes in: nobody yet (first start), somebody who must sign in, or somebody who has.
import { useQueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { whenExpired } from "@/api/client";
import { follow } from "@/api/live";
import { Problem } from "@/api/problem";
import { SESSION_KEY, useSession } from "@/api/session";
import { Trouble } from "@/parts/panel";
import { setZone } from "@/text/format";
import { router } from "./routes";
import { SetUp, SignIn } from "./sign-in";
import { Stage } from "./stage";

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

  if (session?.signed_in) return <RouterProvider router={router} />;
  if (session?.setup_needed) return <SetUp />;
  if (session) return <SignIn />;
  if (error)
    return (
      <Stage title={t("gate.away")}>
        <Trouble of={Problem.of(error)} again={() => void refetch()} />
      </Stage>
    );
  return null;
}
