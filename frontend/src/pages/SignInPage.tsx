import { Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Navigate, useSearchParams } from "react-router";

import { useSession, useSignIn } from "../api";
import { ErrorNote } from "../design";
import { t } from "../i18n";
import { LanguageMenu } from "../panels/shell/LanguageMenu";
import classes from "./SignInPage.module.css";

/** Only addresses of this site: what the URL says may come from anywhere. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-in") ? next : "/";
}

function PasswordForm() {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useSignIn();
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ username, password });
  };
  return (
    <form onSubmit={onSubmit} className={classes.form}>
      <TextInput label={t("User name")} size="sm" autoComplete="username" required value={username} onChange={(event) => setUsername(event.currentTarget.value)} />
      <PasswordInput
        label={t("Password")}
        size="sm"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": t("Show the password") }}
      />
      <ErrorNote error={signIn.error} />
      <Button type="submit" size="sm" loading={signIn.isPending}>
        {t("Sign in")}
      </Button>
    </form>
  );
}

export default function SignInPage() {
  const { data, error, refetch } = useSession();
  const [given] = useSearchParams();
  if (data?.user) return <Navigate to={safeNext(given.get("next"))} replace />;
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <header className={classes.head}>
          <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width={34} height={34} />
          <div>
            <h1>Porsche</h1>
            <p className="p-muted">{t("Real-time machine learning, drawn.")}</p>
          </div>
          <span style={{ flex: 1 }} />
          <LanguageMenu />
        </header>
        <section>
          <h2>{t("By link")}</h2>
          <p>
            {t("There is no default password. porsche up prints a link that signs you in, once: open it in this browser. For another one, run on the machine of the platform:")}
          </p>
          <pre className={classes.command}>.venv/bin/python manage.py sign_in_link</pre>
        </section>
        <section>
          <h2>{t("By password")}</h2>
          <PasswordForm />
        </section>
        {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : null}
      </div>
    </main>
  );
}
