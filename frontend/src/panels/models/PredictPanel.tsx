import { Button, Group, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { ApiError, type ModelInput, type ModelItem, type PredictionReply, usePredict } from "../../api";
import { Ago, Duration, Empty, ErrorNote, Facts, format, Note, Panel } from "../../design";
import { asJson, EXAMPLES, kindOf, row, rowsOf } from "./inputs";
import classes from "./PredictPanel.module.css";

type Mode = "features" | "keys" | "json";

const LABELS: Readonly<Record<Mode, string>> = { features: "By features", keys: "By keys", json: "JSON" };

function modes(model: ModelItem): Mode[] {
  const found: Mode[] = [];
  if (model.inputs?.length) found.push("features");
  if (model.keys?.length) found.push("keys");
  return [...found, "json"];
}

interface PredictPanelProps {
  model: ModelItem;
  /** null: the newest, whichever that is. */
  version: number | null;
}

/** Asks the model as a program would, and shows its answer. */
export function PredictPanel({ model, version }: PredictPanelProps) {
  const possible = modes(model);
  const [mode, setMode] = useState<Mode>(possible[0] ?? "json");
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [json, setJson] = useState("");
  const [wrong, setWrong] = useState<{ fields: Record<string, string>; json: string | null }>({ fields: {}, json: null });
  const predict = usePredict(model.name, model.project);
  const inputs: readonly ModelInput[] = (mode === "keys" ? model.keys : model.inputs) ?? [];
  const change = (next: Mode) => {
    if (next === "json") setJson(asJson(inputs, texts));
    setWrong({ fields: {}, json: null });
    setMode(next);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const asked = { version: version ?? undefined };
    if (mode === "json") {
      const found = rowsOf(json);
      setWrong({ fields: {}, json: "error" in found ? found.error : null });
      if ("rows" in found) predict.mutate({ ...asked, rows: found.rows });
      return;
    }
    const found = row(inputs, texts);
    setWrong({ fields: found.errors, json: null });
    if (Object.keys(found.errors).length === 0) predict.mutate({ ...asked, [mode === "keys" ? "keys" : "rows"]: [found.row] });
  };
  const choice =
    possible.length > 1 ? (
      <SegmentedControl aria-label="How to ask" data={possible.map((one) => ({ value: one, label: LABELS[one] }))} value={mode} onChange={(next) => change(next as Mode)} />
    ) : null;
  return (
    <Panel title="Predict" note={version === null ? "with the newest version" : `with version ${version}`} actions={choice}>
      <form onSubmit={onSubmit}>
        {mode === "json" ? (
          <Textarea
            label="Rows"
            description="An object of columns, or a list of them"
            classNames={{ input: "p-mono" }}
            autosize
            minRows={5}
            maxRows={16}
            value={json}
            error={wrong.json}
            onChange={(event) => setJson(event.currentTarget.value)}
          />
        ) : (
          <Fields inputs={inputs} texts={texts} errors={wrong.fields} onChange={(name, text) => setTexts({ ...texts, [name]: text })} />
        )}
        <Group justify="flex-end" mt="sm">
          <Button type="submit" loading={predict.isPending}>
            Predict
          </Button>
        </Group>
      </form>
      <Answer reply={predict.data ?? null} error={predict.error} />
    </Panel>
  );
}

interface FieldsProps {
  inputs: readonly ModelInput[];
  texts: Readonly<Record<string, string>>;
  errors: Readonly<Record<string, string>>;
  onChange: (name: string, text: string) => void;
}

function Fields({ inputs, texts, errors, onChange }: FieldsProps) {
  return (
    <div className={classes.fields}>
      {inputs.map(({ name, type }) => (
        <TextInput
          key={name}
          label={
            <>
              {name} <span className="p-muted">{type}</span>
            </>
          }
          placeholder={EXAMPLES[kindOf(type)]}
          value={texts[name] ?? ""}
          error={errors[name]}
          onChange={(event) => onChange(name, event.currentTarget.value)}
        />
      ))}
    </div>
  );
}

function Answer({ reply, error }: { reply: PredictionReply | null; error: unknown }) {
  if (error) {
    if (error instanceof ApiError && error.unavailable && error.code !== "not_found") return <Empty title="Prediction is not available">{error.message}</Empty>;
    return <ErrorNote error={error} />;
  }
  if (!reply) return null;
  const missing = [...new Set(reply.predictions.flatMap((one) => one.missing ?? []))];
  return (
    <div className={classes.answer} role="status">
      {reply.predictions.map((one, index) => (
        <div className={classes.one} key={index}>
          <span className={`${classes.p} p-number`} title={one.p === null ? undefined : String(one.p)}>
            {format.percent(one.p)}
          </span>
          <span className="p-muted">
            {one.p === null ? "not predicted" : "probability"}
            {one.freshness_seconds === null ? null : (
              <>
                , features <Duration value={one.freshness_seconds} /> old
              </>
            )}
          </span>
        </div>
      ))}
      {missing.length > 0 ? <Note tone="warning">Not given, so taken as missing: {missing.join(", ")}</Note> : null}
      <Facts
        facts={[
          { name: "Model", value: reply.model },
          { name: "Version", value: format.number(reply.version) },
          { name: "Published", value: <Ago at={reply.published_at} /> },
          { name: "Features as of", value: <Ago at={reply.features_at} none="as given" /> },
        ]}
      />
    </div>
  );
}
