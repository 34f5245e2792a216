import { IconChevronRight } from "@tabler/icons-react";
import { Fragment } from "react";

import { Keys } from "../../actions";
import { plural, t } from "../../i18n";
import type { Inside } from "../document/inside";
import type { Desk } from "./desk";
import { goOut } from "./operations";
import classes from "./where.module.css";

/** Above the canvas, inside of a component: the way that led here, each part of it the way back. */
export function Where({ desk, inside: { path, component, users } }: { desk: Desk; inside: Inside }) {
  return (
    <nav className={`${classes.where} nodrag nopan`} aria-label={t("Where this is")}>
      <button type="button" onClick={() => goOut(0)}>{t("Pipeline")}</button>
      {path.map((node, i) => (
        <Fragment key={i}>
          <IconChevronRight size={13} aria-hidden />
          {i + 1 < path.length ? <button type="button" onClick={() => goOut(i + 1)}>{node}</button> : <strong aria-current="location">{node}</strong>}
        </Fragment>
      ))}
      <span className={classes.about}>
        {component.title}{users > 1 ? ` · ${plural(users, "{count} node is of it: all of them change", "{count} nodes are of it: all of them change")}` : ""}
        {desk.canEdit ? "" : ` · ${t("read only")}`}
      </span>
      <span className={classes.out}>{t("Leave")} <Keys keys="esc" /></span>
    </nav>
  );
}
