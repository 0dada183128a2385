// The frame of every page: where one can go, how the gateway stands, whether what is shown is live.
import { ActionIcon, Drawer, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import {
  Activity,
  Bell,
  Box,
  History as Clock,
  LayoutGrid,
  LogOut,
  Menu as Burger,
  Network,
  Server,
  Settings2,
  UserRound,
} from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useAlarms } from "@/api/alarms";
import { useStatus } from "@/api/live";
import { useSession, useSigning } from "@/api/session";
import { isOpen } from "@/pages/alarms/words";
import { Mark } from "@/parts/mark";
import { Brand } from "./brand";
import { LanguageChoice, ThemeChoice } from "./choices";
import { LiveBanner, LiveWord } from "./live-word";
import { PasswordItem } from "./password";
import style from "./shell.module.css";
import { gatewayStanding, standingOf } from "./standing";

export function Shell() {
  const { t } = useTranslation();
  const [opened, drawer] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => drawer.close(), [path]); // eslint-disable-line react-hooks/exhaustive-deps
  useTitle();
  return (
    <div className={style.shell}>
      <a href="#content" className="skip">
        {t("shell.skip")}
      </a>
      <aside className={`${style.rail} no-print`}>
        <Rail />
      </aside>
      <header className={`${style.top} no-print`}>
        <ActionIcon
          className={style.light}
          aria-label={t("shell.menu")}
          aria-expanded={opened}
          onClick={drawer.open}
        >
          <Burger size={20} />
        </ActionIcon>
        <Link to="/" className={style.home}>
          <Brand size={24} />
        </Link>
        <LiveWord short />
      </header>
      <Drawer.Root opened={opened} onClose={drawer.close} size={270} padding={0}>
        <Drawer.Overlay />
        <Drawer.Content className={style.drawer} aria-label={t("shell.menu")}>
          <Rail />
        </Drawer.Content>
      </Drawer.Root>
      <div className={style.body}>
        <LiveBanner />
        <main id="content" className={style.main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}

/** The window's title says how the gateway stands, so that a tab in the background does too. */
function useTitle(): void {
  const status = useStatus();
  const bad = status ? !status.ready : false;
  const gateway = status?.gateway;
  useEffect(() => {
    document.title = `${bad ? "▲ " : ""}${gateway ? `${gateway} · ` : ""}Takt`;
  }, [bad, gateway]);
}

function Rail() {
  const { t } = useTranslation();
  const status = useStatus();
  const nAlarms = useAlarms().data?.alarms.filter(isOpen).length ?? 0;
  return (
    <nav className={style.nav} aria-label={t("shell.nav")}>
      <Link to="/" className={style.brand} aria-label={t("nav.overview")}>
        <Brand size={28} />
      </Link>
      {status && (
        <div className={style.gateway}>
          <Mark
            of={gatewayStanding(status)}
            size={10}
            label={t(status.ready ? "shell.ready" : "shell.notReady")}
          />
          <span className="clip">{status.gateway}</span>
          <span className={style.site}>{status.site}</span>
        </div>
      )}
      <div className={style.scroll}>
        <Place to="/" icon={<LayoutGrid size={17} />} exact>
          {t("nav.overview")}
        </Place>
        <Lines />
        <Place to="/alarms" icon={<Bell size={17} />} count={nAlarms}>
          {t("nav.alarms")}
        </Place>
        <Place to="/history" icon={<Clock size={17} />}>
          {t("nav.history")}
        </Place>
        <p className={style.group}>{t("nav.setUp")}</p>
        <Place to="/configure" icon={<Settings2 size={17} />}>
          {t("nav.configure")}
        </Place>
        <Place to="/models" icon={<Box size={17} />}>
          {t("nav.models")}
        </Place>
        <Place to="/system" icon={<Server size={17} />}>
          {t("nav.system")}
        </Place>
        <Place to="/mesh" icon={<Network size={17} />}>
          {t("nav.mesh")}
        </Place>
      </div>
      <div className={style.foot}>
        <LiveWord />
        <div className={style.tools}>
          <Me />
          <LanguageChoice />
          <ThemeChoice />
        </div>
      </div>
    </nav>
  );
}

function Place({
  to,
  icon,
  exact,
  count,
  children,
}: {
  to: string;
  icon: ReactNode;
  exact?: boolean;
  count?: number;
  children: ReactNode;
}) {
  return (
    <Link
      to={to}
      className={style.place}
      activeOptions={{ exact: exact ?? false }}
      activeProps={{ className: style.on, "aria-current": "page" }}
    >
      {icon}
      <span className="clip grow">{children}</span>
      {count ? <b className={style.count}>{count}</b> : null}
    </Link>
  );
}

function Lines() {
  const { t } = useTranslation();
  const status = useStatus();
  return (
    <>
      {status?.lines.map((line) => {
        const { standing, word } = standingOf(line, status);
        return (
          <Link
            key={line.id}
            to="/line/$line"
            params={{ line: line.id }}
            className={`${style.place} ${style.line}`}
            activeProps={{ className: style.on, "aria-current": "page" }}
          >
            <Activity size={15} aria-hidden />
            <span className="clip grow">{line.id}</span>
            <Mark of={standing} size={9} label={t(`standing.${word}`)} />
          </Link>
        );
      })}
    </>
  );
}

function Me() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const { signOut } = useSigning();
  return (
    <Menu position="top-start" width={220}>
      <Menu.Target>
        <button type="button" className={style.me} aria-label={t("shell.me", { user: session?.user ?? "" })}>
          <UserRound size={17} aria-hidden />
          <span className="clip">{session?.user}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session?.user} · {session?.role && t(`role.${session.role}`)}
        </Menu.Label>
        <PasswordItem />
        <Menu.Item leftSection={<LogOut size={16} />} onClick={() => void signOut()}>
          {t("shell.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
