import type { PropertySpec } from "../../api/types";
import { printYaml } from "../../document/yaml";
import { said, t } from "../../i18n";
import type { Verb } from "../canvas/catalogue";
import { shown } from "./fields";
import classes from "./node.module.css";

/** All about a component, as its declaration has it: what it does, what comes in and goes out, its properties, an example. */
export function ComponentDocs({ verb, brief = false }: { verb: Verb; brief?: boolean }) {
  const details = said(verb.details).replaceAll(/([^\n])\n(?!\n)/g, "$1 ");
  return (
    <div className={classes.docs}>
      <p>{said(verb.doc)}</p>
      {details ? <p className="p-muted" style={{ whiteSpace: "pre-line" }}>{details}</p> : null}
      <dl>
        {verb.inputs.map((port) => (
          <div key={port.name}>
            <dt><code>{port.name}</code></dt>
            <dd>{said(port.help)}{port.optional ? t(" (optional)") : ""}{port.many ? t(" (several)") : ""}</dd>
          </div>
        ))}
        <div>
          <dt>{t("gives")}</dt>
          <dd>{GIVES[verb.gives ?? ""]?.() ?? verb.gives}</dd>
        </div>
      </dl>
      {brief ? null : <PropertyDocs specs={verb.properties} />}
      {Object.keys(verb.example).length ? (
        <>
          <h4>{t("Example")}</h4>
          <pre className={classes.snippet} tabIndex={0} aria-label={t("Example")}>{printYaml(verb.example)}</pre>
        </>
      ) : null}
    </div>
  );
}

const GIVES: Readonly<Record<string, () => string>> = {
  "": () => t("nothing: it ends here"),
  rows: () => t("rows"),
  dimension: () => t("a dimension table"),
  model: () => t("a model"),
};

function PropertyDocs({ specs }: { specs: readonly PropertySpec[] }) {
  if (!specs.length) return null;
  return (
    <>
      <h4>{t("Properties")}</h4>
      <dl>
        {specs.map((spec) => (
          <div key={spec.name}>
            <dt><code>{spec.name}</code></dt>
            <dd>
              {said(spec.label)}{spec.required ? <span className={classes.required}> *</span> : null}
              <span className="p-muted">{spec.help ? `: ${said(spec.help)}` : ""}{standard(spec)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function standard(spec: PropertySpec): string {
  const text = shown(spec.default);
  return !text || text === "{}" || text === "[]" ? "" : t(" (default: {value})", { value: text });
}
