// Who is signed in, and what they may do.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { call, setCsrf } from "./client";
import { Problem } from "./problem";

export const ROLES = ["viewer", "operator", "engineer", "administrator"] as const;
export type Role = (typeof ROLES)[number];

export type Session = {
  signed_in: boolean;
  user?: string | null;
  role?: Role | null;
  csrf?: string | null;
  setup_needed: boolean;
  zone?: string | null;
  version?: string | null;
};

export const SESSION_KEY = ["session"];

async function read(): Promise<Session> {
  const session = await call<Session>("GET", "/api/v1/session").catch((error: unknown) => {
    // A gateway without sign-in listens on the loopback only: whoever reaches it may do everything.
    if (Problem.of(error).isAbsent)
      return { signed_in: true, role: "administrator", user: "local", setup_needed: false } as Session;
    throw error;
  });
  setCsrf(session.csrf ?? undefined);
  return session;
}

/** The session, asked again when the window comes back and every minute. */
export function useSession() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: read, staleTime: 30_000, refetchInterval: 60_000 });
}

/** Whether the one who is signed in may do what `role` may. */
export function useMay(role: Role): boolean {
  const { data } = useSession();
  return data?.role ? ROLES.indexOf(data.role) >= ROLES.indexOf(role) : false;
}

/** What changes who is signed in. */
export function useSigning() {
  const client = useQueryClient();
  const settle = async (): Promise<Session> => {
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    const session = await client.fetchQuery({ queryKey: SESSION_KEY, queryFn: read, staleTime: 0 });
    if (!session) throw new Problem(0, "no session", "");
    return session;
  };
  return {
    signIn: (user: string, password: string) =>
      call("POST", "/api/v1/session", { body: { user, password } }).then(settle),
    setUp: (code: string, user: string, password: string) =>
      call("POST", "/api/v1/setup", { body: { code, user, password } }).then(settle),
    signOut: () => call("DELETE", "/api/v1/session").then(settle),
  };
}
