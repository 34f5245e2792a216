import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconActivityHeartbeat, IconBrain, IconSchema, IconSettings, type Icon } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { NavLink, useLocation, useNavigate } from "react-router";

import { APP_ACTIONS, Help, listen, Palette, useActionContext, useActions } from "../../actions";
import { useSignOut } from "../../api";
import { useStable } from "../../design";
import { msg, t } from "../../i18n";
import classes from "./Shell.module.css";
import { SignInAgain } from "./SignInAgain";
import { TopBar } from "./TopBar";

const PLACES: readonly { to: string; label: string; icon: Icon; also: string }[] = [
  { to: "/", label: msg("Pipelines"), icon: IconSchema, also: "/pipelines" },
  { to: "/fleet", label: msg("Fleet"), icon: IconActivityHeartbeat, also: "/runs" },
  { to: "/models", label: msg("Models"), icon: IconBrain, also: "/models" },
  { to: "/settings", label: msg("Settings"), icon: IconSettings, also: "/settings" },
];

function Rail() {
  const { pathname } = useLocation();
  return (
    <nav className={classes.rail} aria-label={t("Main")}>
      <div className={classes.mark}>
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="Porsche" width={26} height={26} />
      </div>
      {PLACES.map(({ to, label, icon: Sign, also }) => {
        const here = pathname === to || pathname.startsWith(also);
        return (
          <NavLink key={to} to={to} aria-current={here ? "page" : undefined}>
            <Sign size={20} stroke={1.7} aria-hidden />
            {t(label)}
          </NavLink>
        );
      })}
    </nav>
  );
}

/** Gives every action what it works with, and listens for shortcuts. */
function useShellActions(openPalette: () => void, openHelp: () => void) {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const { mutate } = useSignOut();
  useActions(APP_ACTIONS);
  useActionContext("path", pathname);
  useActionContext("navigate", useStable((to: string) => void navigate(to)));
  useActionContext("openPalette", useStable(openPalette));
  useActionContext("openHelp", useStable(openHelp));
  useActionContext("toggleTheme", useStable(() => setColorScheme(scheme === "dark" ? "light" : "dark")));
  useActionContext("signOut", useStable(() => mutate()));
  useEffect(() => listen(document), []);
}

/** What stands around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  useShellActions(
    () => setOpen("palette"),
    () => setOpen("help"),
  );
  const close = () => setOpen(null);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        {t("To the page")}
      </a>
      <TopBar />
      <Rail />
      <main className={classes.main} id="main" tabIndex={-1}>
        {children}
      </main>
      <Palette opened={open === "palette"} onClose={close} />
      <Help opened={open === "help"} onClose={close} />
      <SignInAgain />
    </div>
  );
}
