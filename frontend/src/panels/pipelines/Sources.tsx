import { Button, FileButton, Tabs, Textarea } from "@mantine/core";
import { IconFileCode, IconUpload } from "@tabler/icons-react";
import { type DragEvent, useState } from "react";

import { ErrorNote } from "../../design";
import { t } from "../../i18n";
import classes from "./CreateDialog.module.css";
import { type Draft, type Template, TEMPLATES, draftOf, loadTemplate } from "./templates";

const LARGEST = 1 << 20;

export type SourceTab = "template" | "import" | "empty";

interface SourcesProps {
  draft: Draft | null;
  onChoose: (draft: Draft | null) => void;
}

/** Where a new pipeline comes from: a template, a document of a file or pasted, nothing. */
export function Sources({ draft, onChoose, tab }: SourcesProps & { tab: SourceTab }) {
  return (
    <Tabs defaultValue={tab} keepMounted={false} onChange={() => onChoose(null)}>
      <Tabs.List mb="sm">
        <Tabs.Tab value="template">{t("Template")}</Tabs.Tab>
        <Tabs.Tab value="import">{t("Import")}</Tabs.Tab>
        <Tabs.Tab value="empty">{t("Empty")}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="template"><Templates draft={draft} onChoose={onChoose} /></Tabs.Panel>
      <Tabs.Panel value="import"><Import draft={draft} onChoose={onChoose} /></Tabs.Panel>
      <Tabs.Panel value="empty">
        <ul className={classes.choices}>
          <Choice title={t("An empty pipeline")} text={t("Nodes are added on its page: drag them there, or press Tab on the canvas.")} pressed={draft?.document === EMPTY.document} onClick={() => onChoose(EMPTY)} />
        </ul>
      </Tabs.Panel>
    </Tabs>
  );
}

const EMPTY: Draft = { slug: "pipeline", title: "", description: "", document: "version: 1\nname: pipeline\nnodes: []\nedges: []\n" };

interface ChoiceProps {
  title: string;
  text: string;
  needs?: string;
  pressed: boolean;
  onClick: () => void;
}

function Choice({ title, text, needs, pressed, onClick }: ChoiceProps) {
  return (
    <li>
      <button type="button" className={classes.choice} aria-pressed={pressed} onClick={onClick}>
        <strong>{title}</strong>
        <span>{text}{needs ? <em> {needs}</em> : null}</span>
      </button>
    </li>
  );
}

function Templates({ draft, onChoose }: SourcesProps) {
  const [error, setError] = useState<unknown>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const choose = (template: Template) => {
    setChosen(template.name);
    loadTemplate(template).then((found) => onChoose({ ...found, title: t(template.title) }), setError);
  };
  return (
    <>
      <ErrorNote error={error} />
      <ul className={classes.choices}>
        {TEMPLATES.map((one) => (
          <Choice key={one.name} title={t(one.title)} text={t(one.text)} needs={one.needs && t(one.needs)} pressed={draft !== null && chosen === one.name} onClick={() => choose(one)} />
        ))}
      </ul>
    </>
  );
}

function Import({ draft, onChoose }: SourcesProps) {
  const [over, setOver] = useState(false);
  const [file, setFile] = useState<string | null>(null);
  const [pasted, setPasted] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const take = async (given: File | null | undefined) => {
    if (!given) return;
    const large = given.size > LARGEST;
    setProblem(large ? t("{file} is larger than 1 MiB: a pipeline is text that people read.", { file: given.name }) : null);
    if (large) return;
    setFile(given.name);
    setPasted("");
    onChoose(draftOf(await given.text(), given.name));
  };
  const paste = (text: string) => {
    setPasted(text);
    setFile(null);
    onChoose(text.trim() ? draftOf(text, "pipeline") : null);
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
        <span role="status">{file && draft ? `${file}: ${draft.slug}` : t("Drop a pipeline document here, YAML or JSON, or")}</span>
        <FileButton accept=".yaml,.yml,.json" onChange={(given) => void take(given)}>
          {(props) => <Button variant="default" {...props}>{t("Choose a file")}</Button>}
        </FileButton>
      </div>
      <Textarea mt="sm" label={t("Or paste it")} autosize minRows={3} maxRows={8} value={pasted} onChange={(event) => paste(event.currentTarget.value)}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} />
      <ErrorNote error={problem === null ? null : { message: problem }} />
    </>
  );
}
