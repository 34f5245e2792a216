import { ActionIcon, Button } from "@mantine/core";
import { IconCircle, IconCircleCheckFilled, IconX } from "@tabler/icons-react";
import { type ReactNode } from "react";
import { Link } from "react-router";

import { pipelineUrl } from "../../api";
import { t } from "../../i18n";
import { STEPS, dismiss, nextStep, useGuide } from "./guide";
import classes from "./Guide.module.css";

function Close() {
  return (
    <ActionIcon aria-label={t("Hide the first steps")} title={t("Hide; “Show the first steps” in the palette brings them back")} onClick={dismiss}>
      <IconX size={15} />
    </ActionIcon>
  );
}

/** The steps as a list, on the page of pipelines. */
export function GuideList({ onCreate }: { onCreate: () => void }) {
  const guide = useGuide();
  const next = nextStep(guide);
  if (guide.dismissed) return null;
  const action = guide.pipeline === null ? <Button onClick={onCreate}>{t("Create it")}</Button> : <Link to={pipelineUrl(guide.pipeline)}>{t("Go on there")}</Link>;
  return (
    <section className={classes.list} aria-label={t("First steps")}>
      <header>
        <strong>{next ? t("Your first model, in four steps") : t("Your first model learns")}</strong>
        <Close />
      </header>
      <ol>
        {STEPS.map((step) => {
          const done = guide.done.includes(step.id);
          return (
            <li key={step.id} aria-current={step === next ? "step" : undefined} data-done={done}>
              {done ? <IconCircleCheckFilled size={17} role="img" aria-label={t("done")} /> : <IconCircle size={17} aria-hidden />}
              <div>
                <strong>{t(step.title)}</strong>
                <p>{t(step.text)}</p>
                {step === next ? action : null}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

interface GuideBarProps {
  pipeline: number;
  /** What leads on, by step. */
  actions: Partial<Record<string, ReactNode>>;
}

/** The step that comes next, on the page of the pipeline that the steps are about. */
export function GuideBar({ pipeline, actions }: GuideBarProps) {
  const guide = useGuide();
  const next = nextStep(guide);
  if (guide.dismissed || guide.pipeline !== pipeline) return null;
  return (
    <section className={classes.bar} aria-label={t("First steps")}>
      <span className={classes.dots} role="img" aria-label={t("{done} of {all} steps done", { done: guide.done.length, all: STEPS.length })}>
        {STEPS.map((step) => guide.done.includes(step.id) ? <IconCircleCheckFilled key={step.id} size={14} /> : <IconCircle key={step.id} size={14} />)}
      </span>
      <span role="status" className="p-truncate">
        <strong>{next ? t(next.title) : t("Your first model learns")}</strong>{" "}
        {next ? t(next.text) : t("Change something and see what it does to the AUC: that is all there is to it.")}
      </span>
      {next ? actions[next.id] : null}
      <span style={{ flex: 1 }} />
      <Close />
    </section>
  );
}
