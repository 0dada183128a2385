// The one way to the gateway: typed by its OpenAPI document, with the session's CSRF token on every change.
import createClient, { type Middleware } from "openapi-fetch";
import { Problem, problemOf } from "./problem";
import type { paths } from "./schema";

let csrf: string | undefined;
let onExpired: (() => void) | undefined;

/** Given by the session; sent with every change. */
export function setCsrf(token: string | undefined): void {
  csrf = token;
}

/** Called when the gateway says that nobody is signed in any more. */
export function whenExpired(act: () => void): void {
  onExpired = act;
}

function armed(method: string, headers: Headers): void {
  if (method !== "GET" && method !== "HEAD" && csrf) headers.set("x-takt-csrf", csrf);
}

async function refused(response: Response): Promise<Problem> {
  const problem = await problemOf(response);
  if (response.status === 401 && !response.url.endsWith("/api/v1/session")) onExpired?.();
  return problem;
}

const guard: Middleware = {
  onRequest({ request }) {
    armed(request.method, request.headers);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await refused(response);
    return undefined;
  },
};

/** Every route of the OpenAPI document. */
export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(guard);

/** The body of an answer that succeeded. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}

export type Sent = {
  body?: unknown;
  raw?: BodyInit;
  type?: string;
  query?: Record<string, unknown>;
  signal?: AbortSignal;
};

/** A route that the OpenAPI document does not describe yet, or whose body is no JSON. */
export async function call<T>(method: string, path: string, sent: Sent = {}): Promise<T> {
  const response = await raw(method, path, sent);
  const text = await response.text();
  return (response.headers.get("content-type")?.includes("json") && text ? JSON.parse(text) : text) as T;
}

/** The same, with the answer as it came. */
export async function raw(method: string, path: string, sent: Sent = {}): Promise<Response> {
  const url = new URL(path, location.origin);
  for (const [key, value] of Object.entries(sent.query ?? {})) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.set(key, String(value));
  }
  const headers = new Headers();
  armed(method, headers);
  let body: BodyInit | undefined = sent.raw;
  if (sent.body !== undefined) {
    headers.set("content-type", "application/json");
    body = JSON.stringify(sent.body);
  } else if (sent.type) headers.set("content-type", sent.type);
  const response = await fetch(url, {
    method,
    headers,
    credentials: "same-origin",
    ...(body === undefined ? {} : { body }),
    ...(sent.signal ? { signal: sent.signal } : {}),
  });
  if (!response.ok) throw await refused(response);
  return response;
}
