// Who is signed in, and what they may do.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, setCsrf } from "./client";
import type { Role, Session } from "./types";

export const ROLES = ["viewer", "operator", "engineer", "administrator"] as const satisfies readonly Role[];
export const SESSION_KEY = ["session"];

async function read(): Promise<Session> {
  const session = await data(api.GET("/api/v1/session"));
  setCsrf(session.csrf ?? undefined);
  return session;
}

/** The session, asked again when the window comes back and every minute. */
export function useSession() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: read, staleTime: 30_000, refetchInterval: 60_000 });
}

/** Whether the one who is signed in may do what `role` may. */
export function useMay(role: Role): boolean {
  const { data: session } = useSession();
  return session?.role ? ROLES.indexOf(session.role) >= ROLES.indexOf(role) : false;
}

/** What changes who is signed in. */
export function useSigning() {
  const client = useQueryClient();
  const settle = async (): Promise<Session> => {
    const session = await client.fetchQuery({ queryKey: SESSION_KEY, queryFn: read, staleTime: 0 });
    void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== SESSION_KEY[0] });
    return session;
  };
  return {
    signIn: (user: string, password: string) =>
      data(api.POST("/api/v1/session", { body: { user, password } })).then(settle),
    setUp: (code: string, user: string, password: string) =>
      data(api.POST("/api/v1/setup", { body: { code, user, password } })).then(settle),
    // Who leaves on purpose leaves nothing behind: the page begins anew.
    signOut: () => data(api.DELETE("/api/v1/session")).then(() => location.assign("/")),
  };
}
