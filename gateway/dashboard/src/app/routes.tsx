// All places of the page. Each is its own chunk, loaded when somebody goes there.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Trouble } from "@/parts/panel";
import { NotThere } from "./not-there";
import { Shell } from "./shell";

const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);
const number = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

const root = createRootRoute({ component: Shell, notFoundComponent: NotThere });

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("@/pages/overview/overview")),
});

/** What the line page shows: everything that a link should carry. */
export type LineSearch = {
  check?: string;
  tab?: string;
  verdict?: string;
  part?: string;
  /** Milliseconds back from now; live. */
  back?: number;
  /** A past span, in milliseconds since 1970. */
  from?: number;
  to?: number;
  /** The selected verdict: `epoch-seq`. */
  at?: string;
};
const line = createRoute({
  getParentRoute: () => root,
  path: "/line/$line",
  validateSearch: (search: Record<string, unknown>): LineSearch => ({
    check: text(search["check"]),
    tab: text(search["tab"]),
    verdict: text(search["verdict"]),
    part: text(search["part"]) ?? (number(search["part"]) === undefined ? undefined : String(search["part"])),
    back: number(search["back"]),
    from: number(search["from"]),
    to: number(search["to"]),
    at: text(search["at"]),
  }),
  component: lazyRouteComponent(() => import("@/pages/line/line")),
});
const part = createRoute({
  getParentRoute: () => root,
  path: "/line/$line/$check/$id",
  component: lazyRouteComponent(() => import("@/pages/part/part")),
});

const tabbed = (search: Record<string, unknown>): { tab?: string } => ({ tab: text(search["tab"]) });
const configure = createRoute({
  getParentRoute: () => root,
  path: "/configure",
  validateSearch: tabbed,
  component: lazyRouteComponent(() => import("@/pages/configure/configure")),
});
const configureLine = createRoute({
  getParentRoute: () => root,
  path: "/configure/$line",
  validateSearch: tabbed,
  component: lazyRouteComponent(() => import("@/pages/configure/line")),
});
const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  component: lazyRouteComponent(() => import("@/pages/models/models")),
});
const learn = createRoute({
  getParentRoute: () => root,
  path: "/models/learn",
  validateSearch: (search: Record<string, unknown>): { line?: string; check?: string } => ({
    line: text(search["line"]),
    check: text(search["check"]),
  }),
  component: lazyRouteComponent(() => import("@/pages/models/learn")),
});
const alarms = createRoute({
  getParentRoute: () => root,
  path: "/alarms",
  component: lazyRouteComponent(() => import("@/pages/alarms/alarms")),
});
const history = createRoute({
  getParentRoute: () => root,
  path: "/history",
  component: lazyRouteComponent(() => import("@/pages/history/history")),
});
const system = createRoute({
  getParentRoute: () => root,
  path: "/system",
  validateSearch: tabbed,
  component: lazyRouteComponent(() => import("@/pages/system/system")),
});
/** How far a first line has come, so that a look at another page loses nothing. */
export type FirstSearch = { line?: string | undefined; step?: number | undefined };
const first = createRoute({
  getParentRoute: () => root,
  path: "/first",
  validateSearch: (search: Record<string, unknown>): FirstSearch => ({
    line: text(search["line"]),
    step: number(search["step"]),
  }),
  component: lazyRouteComponent(() => import("@/pages/first/first")),
});
const mesh = createRoute({
  getParentRoute: () => root,
  path: "/mesh",
  component: lazyRouteComponent(() => import("@/pages/mesh/mesh")),
});
const fleet = createRoute({
  getParentRoute: () => root,
  path: "/fleet",
  component: lazyRouteComponent(() => import("@/pages/mesh/fleet")),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    line,
    part,
    configure,
    configureLine,
    models,
    learn,
    alarms,
    history,
    system,
    first,
    mesh,
    fleet,
  ]),
  defaultPreload: "intent",
  defaultErrorComponent: ({ error, reset }) => <Trouble of={error} again={reset} />,
  scrollRestoration: true,
  // With view-independent links that can be sent, a part number stays text.
  trailingSlash: "never",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
