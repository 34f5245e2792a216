import { Button, Group, Modal, Select, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { covers, pipelineUrl, useCreatePipeline, useProject, useSession } from "../../api";
import { ErrorNote } from "../../design";
import { t } from "../../i18n";
import classes from "./CreateDialog.module.css";
import { began } from "./guide";
import { type SourceTab, Sources } from "./Sources";
import { type Draft, freeSlug, isSlug } from "./templates";

interface CreateDialogProps {
  /** How it opens; null: it is closed. */
  opened: SourceTab | null;
  onClose: () => void;
  onCreated: (url: string) => void;
  taken: ReadonlySet<string>;
}

/** A new pipeline: from a template, from a document, or empty. */
export function CreateDialog({ opened, onClose, onCreated, taken }: CreateDialogProps) {
  return (
    <Modal opened={opened !== null} onClose={onClose} title={t("New pipeline")} size={600} closeButtonProps={{ "aria-label": t("Close") }}>
      {opened ? <Form tab={opened} onCreated={onCreated} taken={taken} /> : null}
    </Modal>
  );
}

function Form({ tab, onCreated, taken }: Pick<CreateDialogProps, "onCreated" | "taken"> & { tab: SourceTab }) {
  const { data: session } = useSession();
  const { project: chosen } = useProject();
  const mine = (session?.projects ?? []).filter((one) => covers(one.role, "editor"));
  const [project, setProject] = useState<string | null>(mine.find((one) => one.slug === chosen)?.slug ?? mine[0]?.slug ?? null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [slug, setSlug] = useState("");
  const [title, setTitle] = useState("");
  const create = useCreatePipeline();
  const choose = (next: Draft | null) => {
    setDraft(next);
    create.reset();
    if (!next) return;
    setSlug(freeSlug(next.slug, taken));
    setTitle(next.title);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!project || !draft) return;
    create.mutate({ project, slug, title, document: draft.document }, {
      onSuccess: (made) => {
        if (draft.slug === "first-model") began(made.id);
        onCreated(pipelineUrl(made.id));
      },
    });
  };
  const wrong = slug !== "" && !isSlug(slug) ? t("Lower-case letters, digits, - and _; a letter first") : null;
  const nobody = { message: t("You are an editor of no project."), hint: t("Ask an admin of a project for the role of an editor.") };
  return (
    <form onSubmit={onSubmit}>
      <Sources tab={tab} draft={draft} onChoose={choose} />
      <div className={classes.fields}>
        <TextInput label={t("Name")} description={t("Part of addresses and model names")} required value={slug} error={wrong} onChange={(event) => setSlug(event.currentTarget.value)} />
        <TextInput label={t("Title")} description={t("For people; may be empty")} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
        <Select label={t("Project")} data={mine.map((one) => ({ value: one.slug, label: one.title || one.slug }))} value={project} onChange={setProject} allowDeselect={false} />
      </div>
      <div style={{ marginTop: 12 }}>
        <ErrorNote error={mine.length === 0 ? nobody : create.error} />
      </div>
      <Group justify="flex-end" mt="md">
        <Button type="submit" size="sm" loading={create.isPending} disabled={!draft || !project || !isSlug(slug)}>
          {t("Create pipeline")}
        </Button>
      </Group>
    </form>
  );
}
