import { Button, FileButton, Group, Modal, Select, Tabs, TextInput } from "@mantine/core";
import { IconFileCode, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type DragEvent, type FormEvent, useState } from "react";

import { covers, pipelineUrl, useCreatePipeline, useProject, useSession } from "../../api";
import { ErrorNote } from "../../design";
import classes from "./CreateDialog.module.css";
import { type Draft, draftOf, freeSlug, isSlug, loadExamples } from "./examples";

const LARGEST = 1 << 20;

interface CreateDialogProps {
  opened: boolean;
  onClose: () => void;
  onCreated: (url: string) => void;
  taken: ReadonlySet<string>;
}

/** A new pipeline: from an example, from a file, or empty. */
export function CreateDialog({ opened, onClose, onCreated, taken }: CreateDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="New pipeline" size={560} closeButtonProps={{ "aria-label": "Close" }}>
      {opened ? <Form onCreated={onCreated} taken={taken} /> : null}
    </Modal>
  );
}

function Form({ onCreated, taken }: Pick<CreateDialogProps, "onCreated" | "taken">) {
  const { data: session } = useSession();
  const { project: chosen } = useProject();
  const mine = (session?.projects ?? []).filter((one) => covers(one.role, "editor"));
  const [project, setProject] = useState<string | null>(mine.find((one) => one.slug === chosen)?.slug ?? mine[0]?.slug ?? null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [slug, setSlug] = useState("");
  const [title, setTitle] = useState("");
  const create = useCreatePipeline();
  const choose = (next: Draft) => {
    setDraft(next);
    setSlug(freeSlug(next.slug, taken));
    setTitle(next.title);
    create.reset();
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (!project || !draft) return;
    create.mutate({ project, slug, title, document: draft.document }, { onSuccess: (made) => onCreated(pipelineUrl(made.id)) });
  };
  const wrong = slug !== "" && !isSlug(slug) ? "Lower-case letters, digits, - and _; a letter first" : null;
  return (
    <form onSubmit={onSubmit}>
      <Sources draft={draft} onChoose={choose} />
      <div className={classes.fields}>
        <TextInput label="Name" description="Part of addresses and model names" required value={slug} error={wrong} onChange={(event) => setSlug(event.currentTarget.value)} />
        <TextInput label="Title" description="For people; may be empty" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
        <Select label="Project" data={mine.map((one) => ({ value: one.slug, label: one.title || one.slug }))} value={project} onChange={setProject} allowDeselect={false} />
      </div>
      <div style={{ marginTop: 12 }}>
        <ErrorNote error={mine.length === 0 ? { message: "You are an editor of no project.", hint: "Ask an admin of a project for the role of an editor." } : create.error} />
      </div>
      <Group justify="flex-end" mt="md">
        <Button type="submit" size="sm" loading={create.isPending} disabled={!draft || !project || !isSlug(slug)}>
          Create pipeline
        </Button>
      </Group>
    </form>
  );
}

interface SourcesProps {
  draft: Draft | null;
  onChoose: (draft: Draft) => void;
}

function Sources({ draft, onChoose }: SourcesProps) {
  return (
    <Tabs defaultValue="example" keepMounted={false}>
      <Tabs.List mb="sm">
        <Tabs.Tab value="example">From an example</Tabs.Tab>
        <Tabs.Tab value="file">From a YAML file</Tabs.Tab>
        <Tabs.Tab value="empty">Empty</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="example">
        <Examples draft={draft} onChoose={onChoose} />
      </Tabs.Panel>
      <Tabs.Panel value="file">
        <Upload draft={draft} onChoose={onChoose} />
      </Tabs.Panel>
      <Tabs.Panel value="empty">
        <ul className={classes.choices}>
          <Choice
            title="An empty pipeline"
            text="Nodes and edges are added on its page."
            pressed={draft?.document === EMPTY.document}
            onClick={() => onChoose(EMPTY)}
          />
        </ul>
      </Tabs.Panel>
    </Tabs>
  );
}

const EMPTY: Draft = { slug: "pipeline", title: "", description: "", document: "version: 1\nname: pipeline\nnodes: []\nedges: []\n" };

function Choice({ title, text, pressed, onClick }: { title: string; text: string; pressed: boolean; onClick: () => void }) {
  return (
    <li>
      <button type="button" className={classes.choice} aria-pressed={pressed} onClick={onClick}>
        <strong>{title}</strong>
        <span>{text}</span>
      </button>
    </li>
  );
}

function Examples({ draft, onChoose }: SourcesProps) {
  const { data = [], error } = useQuery({ queryKey: ["examples"], queryFn: loadExamples, staleTime: Infinity });
  return (
    <>
      <ErrorNote error={error} />
      <ul className={classes.choices}>
        {data.map((example) => (
          <Choice key={example.slug} title={example.title || example.slug} text={example.description} pressed={draft?.document === example.document} onClick={() => onChoose(example)} />
        ))}
      </ul>
    </>
  );
}

function Upload({ draft, onChoose }: SourcesProps) {
  const [over, setOver] = useState(false);
  const [file, setFile] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const take = async (given: File | null | undefined) => {
    if (!given) return;
    if (given.size > LARGEST) {
      setProblem(`${given.name} is larger than 1 MiB: a pipeline is text that people read.`);
      return;
    }
    setProblem(null);
    setFile(given.name);
    onChoose(draftOf(await given.text(), given.name));
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  return (
    <>
      <div
        className={over ? `${classes.drop} ${classes.over}` : classes.drop}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
      >
        {file && draft ? <IconFileCode size={22} aria-hidden /> : <IconUpload size={22} aria-hidden />}
        <span role="status">{file && draft ? `${file}: ${draft.slug}` : "Drop a pipeline document here, or"}</span>
        <FileButton accept=".yaml,.yml,.json" onChange={(given) => void take(given)}>
          {(props) => (
            <Button variant="default" {...props}>
              Choose a file
            </Button>
          )}
        </FileButton>
      </div>
      <ErrorNote error={problem === null ? null : { message: problem }} />
    </>
  );
}
