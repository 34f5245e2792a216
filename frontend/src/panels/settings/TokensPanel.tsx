import { Button, Select, Table, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { type Role, type Token, useCreateToken, useRevokeToken, useSession, useTokens } from "../../api";
import { Ago, ConfirmButton, CopyButton, Empty, ErrorNote, Note, Panel, Tag, useNow } from "../../design";
import { msg, t } from "../../i18n";
import { EXPIRIES, expiresAt } from "./expiry";
import { roleName } from "./roles";
import classes from "./TokensPanel.module.css";

const ROLES: readonly { value: Role; label: string }[] = [
  { value: "viewer", label: msg("Viewer: see") },
  { value: "operator", label: msg("Operator: also start and stop") },
  { value: "editor", label: msg("Editor: also change pipelines") },
  { value: "admin", label: msg("Admin: also members, deletion") },
];

function NewToken() {
  const { data: session } = useSession();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [project, setProject] = useState("");
  const [days, setDays] = useState("90");
  const create = useCreateToken();
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name, role, project: project || null, expires_at: expiresAt(days, Date.now()) }, { onSuccess: () => setName("") });
  };
  const projects = (session?.projects ?? []).map((one) => ({ value: one.slug, label: one.title || one.slug }));
  return (
    <>
      <form onSubmit={onSubmit} className={classes.form}>
        <TextInput label={t("Name")} placeholder={t("dashboard, deployment")} required maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Select label={t("Role, at most")} data={ROLES.map(({ value, label }) => ({ value, label: t(label) }))} value={role} onChange={(value) => setRole((value ?? "viewer") as Role)} allowDeselect={false} />
        <Select label={t("Project")} data={[{ value: "", label: t("All of mine") }, ...projects]} value={project} onChange={(value) => setProject(value ?? "")} allowDeselect={false} />
        <Select label={t("Good for")} data={EXPIRIES.map(({ value, label }) => ({ value, label: t(label) }))} value={days} onChange={(value) => setDays(value ?? "")} allowDeselect={false} />
        <Button type="submit" loading={create.isPending}>
          {t("Make a token")}
        </Button>
      </form>
      <div style={{ marginTop: 10 }}>
        <ErrorNote error={create.error} />
        {create.data ? (
          <Note tone="warning">
            <strong>{t("Copy the token “{name}” now: it is not shown again.", { name: create.data.name })}</strong>
            <div className={classes.secret}>
              <code>{create.data.token}</code>
              <CopyButton value={create.data.token} label={t("Copy the token")} />
              <Button variant="default" onClick={() => create.reset()}>
                {t("I have it")}
              </Button>
            </div>
          </Note>
        ) : null}
      </div>
    </>
  );
}

function TokenRow({ token, onRevoke, busy }: { token: Token; onRevoke: () => void; busy: boolean }) {
  const now = useNow();
  const over = token.expires_at !== null && Date.parse(token.expires_at) / 1e3 < now;
  return (
    <Table.Tr>
      <Table.Td>{token.name}</Table.Td>
      <Table.Td className="p-mono">{token.prefix}…</Table.Td>
      <Table.Td>{roleName(token.role)}</Table.Td>
      <Table.Td>{token.project ?? t("all of mine")}</Table.Td>
      <Table.Td>
        <Ago at={token.created_at} />
      </Table.Td>
      <Table.Td>
        <Ago at={token.used_at} none={t("never")} />
      </Table.Td>
      <Table.Td>{over ? <Tag tone="bad">{t("Expired")}</Tag> : <Ago at={token.expires_at} none={t("not by itself")} />}</Table.Td>
      <Table.Td style={{ textAlign: "right" }}>
        <ConfirmButton
          size="compact-xs"
          variant="default"
          disabled={busy}
          question={t("Revoke “{name}”? Programs that use it are refused from now on.", { name: token.name })}
          confirm={t("Revoke")}
          onConfirm={onRevoke}
        >
          {t("Revoke")}
        </ConfirmButton>
      </Table.Td>
    </Table.Tr>
  );
}

/** Secrets with which programs act for the user: made, shown once, revoked. */
export function TokensPanel() {
  const { data, error, refetch } = useTokens();
  const revoke = useRevokeToken();
  const tokens = data?.results ?? [];
  return (
    <Panel title={t("Tokens")} note={t("for the command line and other programs: Authorization: Bearer psk_...")}>
      <NewToken />
      <ErrorNote error={error ?? revoke.error} onRetry={error ? () => void refetch() : undefined} />
      <div className={classes.rows} data-waiting={data || error ? undefined : true}>
        {data && tokens.length === 0 ? (
          <Empty title={t("No tokens")}>
            {t("A token lets a program act for you, with at most the role that you give it, in one project or in all. Only its hash is kept here.")}
          </Empty>
        ) : null}
        {tokens.length > 0 ? (
          <Table.ScrollContainer minWidth={760}>
            <Table aria-label={t("Tokens")}>
              <Table.Thead>
                <Table.Tr>
                  {[t("Name"), t("Begins with"), t("Role"), t("Project"), t("Made"), t("Last used"), t("Ends")].map((title) => (
                    <Table.Th key={title}>{title}</Table.Th>
                  ))}
                  <Table.Th>
                    <span className="p-hidden">{t("Revoke")}</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {tokens.map((token) => (
                  <TokenRow key={token.id} token={token} busy={revoke.isPending} onRevoke={() => revoke.mutate(token.id)} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        ) : null}
      </div>
    </Panel>
  );
}
