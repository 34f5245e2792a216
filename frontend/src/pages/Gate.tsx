import { Loader } from "@mantine/core";
import { Navigate, Outlet, useLocation, useRouteError } from "react-router";

import { useSession } from "../api";
import { ErrorNote } from "../design";
import { t } from "../i18n";
import { Shell } from "../panels/shell/Shell";

/** While a page or the session comes; only said after a moment, so that quick loads do not flicker. */
export function Waiting() {
  return (
    <div style={{ display: "grid", placeItems: "center", height: "100%" }}>
      <Loader size="sm" aria-label={t("Loading")} />
    </div>
  );
}

/** Pages for those who are signed in; the others are led to the sign-in page and back. */
export function Gate() {
  const { data, error, refetch } = useSession();
  const { pathname, search } = useLocation();
  if (!data) {
    if (!error) return <Waiting />;
    return (
      <div style={{ maxWidth: 520, margin: "18vh auto 0", padding: 16 }}>
        <ErrorNote error={error} onRetry={() => void refetch()} />
      </div>
    );
  }
  if (!data.user) return <Navigate to={`/sign-in?next=${encodeURIComponent(pathname + search)}`} replace />;
  return <SignedIn key={data.user.username} />;
}

/** Another person has another page: nothing of the one before is shown, or sent in the other's name. */
function SignedIn() {
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}

/** What is shown where a page failed: our fault, said plainly, with the way on. */
export function Broken() {
  const error = useRouteError();
  return (
    <main style={{ maxWidth: 560, margin: "18vh auto 0", padding: 16 }}>
      <ErrorNote
        error={{
          message: t("This page failed."),
          hint: error instanceof Error ? t("{error}. What runs goes on; load the page again.", { error: error.message }) : t("Load the page again."),
        }}
        onRetry={() => window.location.reload()}
      />
    </main>
  );
}
