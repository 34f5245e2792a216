import { ActionIcon, Button, Group, Menu, Modal, TextInput } from "@mantine/core";
import { IconArchive, IconArchiveOff, IconCopy, IconDots, IconDownload, IconPencil, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";

import { covers, pipelineUrl, useChangePipeline, useDeletePipeline, useRole } from "../../api";
import { ErrorNote } from "../../design";
import { t } from "../../i18n";
import { download, exportText } from "./exporting";
import { useDuplicate } from "./useDuplicate";

/** What the menu is about. */
export interface Subject {
  id: number;
  project: string;
  slug: string;
  title: string;
  archived: boolean;
}

interface PipelineMenuProps {
  pipeline: Subject;
  /** In a list one reaches it by Shift+F10 in its row, not by Tab. */
  inList?: boolean;
}

/** Rename, duplicate, export, archive, delete. */
export function PipelineMenu({ pipeline, inList = false }: PipelineMenuProps) {
  const role = useRole(pipeline.project);
  const editor = covers(role, "editor");
  const [asking, setAsking] = useState<"rename" | "delete" | null>(null);
  const [error, setError] = useState<unknown>(null);
  const change = useChangePipeline(pipeline.id);
  const duplicate = useDuplicate();
  const navigate = useNavigate();
  const name = pipeline.title || pipeline.slug;
  const tried = (doing: Promise<unknown>) => void doing.catch(setError);
  return (
    <>
      <Menu position="bottom-end" returnFocus>
        <Menu.Target>
          <ActionIcon aria-label={t("More about {name}", { name })} tabIndex={inList ? -1 : 0} data-rowmenu>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={14} />} disabled={!editor} onClick={() => setAsking("rename")}>{t("Rename…")}</Menu.Item>
          <Menu.Item leftSection={<IconCopy size={14} />} disabled={!editor} onClick={() => tried(duplicate(pipeline).then((id) => navigate(pipelineUrl(id))))}>{t("Duplicate")}</Menu.Item>
          <Menu.Item leftSection={<IconDownload size={14} />} onClick={() => tried(exportText(pipeline.id).then((text) => download(`${pipeline.slug}.yaml`, text)))}>{t("Export as YAML")}</Menu.Item>
          <Menu.Item leftSection={pipeline.archived ? <IconArchiveOff size={14} /> : <IconArchive size={14} />} disabled={!editor} onClick={() => tried(change.mutateAsync({ archived: !pipeline.archived }))}>
            {pipeline.archived ? t("Take out of the archive") : t("Archive")}
          </Menu.Item>
          <Menu.Item leftSection={<IconTrash size={14} />} color="red" disabled={!covers(role, "admin")} onClick={() => setAsking("delete")}>{t("Delete…")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asking === "rename" ? <Rename pipeline={pipeline} onClose={() => setAsking(null)} /> : null}
      {asking === "delete" ? <Remove pipeline={pipeline} onClose={() => setAsking(null)} /> : null}
      <Modal opened={error !== null} onClose={() => setError(null)} title={t("That did not work")} closeButtonProps={{ "aria-label": t("Close") }}>
        <ErrorNote error={error} />
      </Modal>
    </>
  );
}

interface DialogProps {
  pipeline: Subject;
  onClose: () => void;
}

function Rename({ pipeline, onClose }: DialogProps) {
  const [title, setTitle] = useState(pipeline.title || pipeline.slug);
  const { mutate, isPending, error } = useChangePipeline(pipeline.id);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    mutate({ title: title.trim() }, { onSuccess: onClose });
  };
  return (
    <Modal opened onClose={onClose} title={t("Rename {name}", { name: pipeline.title || pipeline.slug })} size="sm" closeButtonProps={{ "aria-label": t("Close") }}>
      <form onSubmit={onSubmit}>
        <TextInput label={t("Title")} description={t("Addresses and model names keep “{slug}”.", { slug: pipeline.slug })} value={title} maxLength={200} data-autofocus
          onChange={(event) => setTitle(event.currentTarget.value)} />
        <ErrorNote error={error} />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>{t("Cancel")}</Button>
          <Button type="submit" loading={isPending}>{t("Rename")}</Button>
        </Group>
      </form>
    </Modal>
  );
}

function Remove({ pipeline, onClose }: DialogProps) {
  const { mutate, isPending, error } = useDeletePipeline();
  const navigate = useNavigate();
  return (
    <Modal opened onClose={onClose} title={t("Delete {name}?", { name: pipeline.title || pipeline.slug })} size="sm" closeButtonProps={{ "aria-label": t("Close") }}>
      <p>{t("Its revisions, runs, checkpoints and models go with it. This cannot be undone; the archive can.")}</p>
      <ErrorNote error={error} />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>{t("Keep it")}</Button>
        <Button color="red" loading={isPending} onClick={() => mutate(pipeline.id, { onSuccess: () => { onClose(); void navigate("/"); } })}>{t("Delete")}</Button>
      </Group>
    </Modal>
  );
}
