import { Button, Modal, PasswordInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { useSession, useSignInAgain } from "../../api";
import { ErrorNote } from "../../design";
import { t } from "../../i18n";
import classes from "./Shell.module.css";

/** The session ended while a page was open: one signs in again over it, here or in another tab, and goes on where one was. */
export function SignInAgain() {
  const { data } = useSession();
  const [later, setLater] = useState(false);
  const lapsed = data?.lapsed === true;
  if (!lapsed && later) setLater(false);
  if (!lapsed || !data?.user) return null;
  const name = data.user.username;
  return (
    <>
      {later ? (
        <div role="status" className={classes.lapsed}>
          {t("You are signed out: what is shown may be old, and edits wait in this browser.")}{" "}
          <Button variant="subtle" onClick={() => setLater(false)}>{t("Sign in again")}</Button>
        </div>
      ) : null}
      <Modal opened={!later} onClose={() => setLater(true)} title={t("You were signed out")} size="sm" closeButtonProps={{ "aria-label": t("Close") }}>
        <p style={{ marginTop: 0 }}>{t("Sign in again to go on where you were. What you edited is kept in this browser, and is sent then.")}</p>
        <Password username={name} />
        <p className="p-muted">{t("Or open a sign-in link in another tab of this browser: this page notices.")}</p>
      </Modal>
    </>
  );
}

function Password({ username }: { username: string }) {
  const [password, setPassword] = useState("");
  const { mutate, isPending, error } = useSignInAgain();
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    mutate({ username, password });
  };
  return (
    <form onSubmit={onSubmit} style={{ display: "flex", flexDirection: "column", gap: 10 }}>
      <PasswordInput label={t("Password of {name}", { name: username })} size="sm" autoComplete="current-password" required value={password} data-autofocus
        onChange={(event) => setPassword(event.currentTarget.value)} visibilityToggleButtonProps={{ "aria-label": t("Show the password") }} />
      <ErrorNote error={error} />
      <Button type="submit" size="sm" loading={isPending}>{t("Sign in")}</Button>
    </form>
  );
}
