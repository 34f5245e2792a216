import { IconBook2, IconPlus } from "@tabler/icons-react";

import { Keys } from "../../actions";
import { said, t } from "../../i18n";
import { offered } from "./catalogue";
import type { Desk } from "./desk";
import classes from "./editing.module.css";
import { FamilyIcon } from "./families";
import { addNode } from "./operations";
import { open } from "./overlay";
import { toggleShown } from "./shown";

/** What an empty canvas says: where to begin. */
export function EmptyCanvas({ desk }: { desk: Desk }) {
  const sources = offered(desk.catalogue).filter((verb) => verb.inputs.length === 0 && verb.gives === "rows");
  return (
    <section className={`${classes.empty} nodrag nopan`} aria-label={t("Begin here")}>
      <h2>{t("Begin with where the rows come from")}</h2>
      <p>{t("A pipeline is nodes from left to right: a source, what is computed of its rows, and where the results go. Each node shows its rows while you draw.")}</p>
      <div className={classes.starts}>
        {sources.map((verb) => (
          <button key={verb.name} type="button" onClick={() => addNode({ component: verb.name })}>
            <span><FamilyIcon family={verb.family} component={verb.name} />{said(verb.title)}</span>
            <small>{said(verb.doc)}</small>
          </button>
        ))}
        <button type="button" onClick={() => open({ kind: "add", point: null })}>
          <span><IconPlus size={15} aria-hidden />{t("Any component")}</span>
          <small>{t("Search by name or by what it does.")} <Keys keys="shift+a" /></small>
        </button>
        <button type="button" onClick={() => toggleShown("components", true)}>
          <span><IconBook2 size={15} aria-hidden />{t("See all components")}</span>
          <small>{t("With what each of them does; drag them onto the canvas.")}</small>
        </button>
      </div>
      <p>{t("Or paste nodes that were copied from another pipeline, or a whole document.")} <Keys keys="mod+v" /></p>
    </section>
  );
}
