import { Button, Group, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { ApiError, type ModelInput, type ModelDetail, type PredictionReply, usePredict } from "../../api";
import { Ago, Duration, Empty, ErrorNote, Facts, format, Note, Panel } from "../../design";
import { listed, said, t } from "../../i18n";
import { asJson, EXAMPLES, kindOf, row, rowsOf } from "./inputs";
import classes from "./PredictPanel.module.css";

type Mode = "form" | "json";

interface PredictPanelProps {
  model: ModelDetail;
  /** null: the newest, whichever that is. */
  version: number | null;
}

/** Asks the model as a program would, and shows its answer. */
export function PredictPanel({ model, version }: PredictPanelProps) {
  const inputs = model.inputs.filter((input) => input.used);
  const [mode, setMode] = useState<Mode>(inputs.length > 0 ? "form" : "json");
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [json, setJson] = useState("{}");
  const [wrong, setWrong] = useState<{ fields: Record<string, string>; json: string | null }>({ fields: {}, json: null });
  const predict = usePredict(model.name, model.project);
  const change = (next: Mode) => {
    if (next === "json") setJson(asJson(inputs, texts));
    setWrong({ fields: {}, json: null });
    setMode(next);
  };
  const ask = (rows: Record<string, unknown>[]) => predict.mutate({ rows, version: version ?? undefined });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (mode === "json") {
      const found = rowsOf(json);
      setWrong({ fields: {}, json: "error" in found ? found.error : null });
      if ("rows" in found) ask(found.rows);
      return;
    }
    const found = row(inputs, texts);
    setWrong({ fields: found.errors, json: null });
    if (Object.keys(found.errors).length === 0) ask([found.row]);
  };
  const choice =
    inputs.length > 0 ? (
      <SegmentedControl
        aria-label={t("How to ask")}
        data={[
          { value: "form", label: t("Form") },
          { value: "json", label: t("JSON") },
        ]}
        value={mode}
        onChange={(next) => change(next as Mode)}
      />
    ) : null;
  return (
    <Panel title={t("Predict")} note={version === null ? t("with the newest version") : t("with version {version}", { version: format.number(version) })} actions={choice}>
      <form onSubmit={onSubmit}>
        {mode === "json" ? (
          <Textarea
            label={t("Rows")}
            description={t("An object of columns, or a list of them")}
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
            {t("Predict")}
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
      {inputs.map(({ name, type, entity }) => (
        <TextInput
          key={name}
          label={
            <>
              {name} <span className="p-muted">{type}</span>
            </>
          }
          placeholder={entity ? t("looked up by {entity}", { entity }) : EXAMPLES[kindOf(type)]}
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
    if (error instanceof ApiError && error.status === 501) return <Empty title={t("Prediction is not available")}>{said(error.message)}</Empty>;
    return <ErrorNote error={error} />;
  }
  if (!reply) return null;
  const missing = [...new Set(reply.predictions.flatMap((one) => one.missing))];
  return (
    <div className={classes.answer} role="status">
      {reply.predictions.map((one, index) => (
        <div className={classes.one} key={index}>
          <span className={`${classes.p} p-number`} title={String(one.p)}>
            {format.percent(one.p)}
          </span>
          <span className="p-muted">
            {t("probability")}{one.freshness_seconds === null ? null : <LookedUp prediction={one} />}
          </span>
        </div>
      ))}
      {missing.length > 0 ? <Note tone="warning">{t("Neither given nor found, so taken as missing: {names}", { names: listed(missing) })}</Note> : null}
      <Facts
        facts={[
          { name: t("Model"), value: reply.model },
          { name: t("Run"), value: reply.run },
          { name: t("Version"), value: format.number(reply.version) },
          { name: t("Published"), value: <Ago at={reply.published_at} /> },
          { name: t("Features as of"), value: reply.features_at === null ? t("as given") : format.moment(format.seconds(reply.features_at)), title: t("In event time") },
          { name: t("Stream as of"), value: format.moment(format.seconds(reply.stream_at)), title: t("How far the run has come in event time") },
        ]}
      />
    </div>
  );
}

function LookedUp({ prediction }: { prediction: PredictionReply["predictions"][number] }) {
  const names = Object.keys(prediction.looked_up);
  return (
    <>
      {" · "}{names.length > 0 ? <>{t("{names} looked up", { names: listed(names) })} · </> : null}
      <Duration value={prediction.freshness_seconds} /> {t("behind the stream")}
    </>
  );
}
