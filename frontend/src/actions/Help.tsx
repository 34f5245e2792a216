import { Modal } from "@mantine/core";
import { Fragment } from "react";

import { t } from "../i18n";
import { Keys } from "./Keys";
import classes from "./Palette.module.css";
import { useRegistry } from "./registry";

function Alternatives({ keys }: { keys: readonly string[] }) {
  return (
    <span className={classes.alternatives}>
      {keys.map((one, index) => (
        <Fragment key={one}>
          {index > 0 ? t("or") : null}
          <Keys keys={one} />
        </Fragment>
      ))}
    </span>
  );
}

/** Every shortcut that works on the page that is shown. */
export function Help({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const actions = useRegistry((state) => state.actions);
  const keyed = actions.filter((action) => action.keys?.length);
  const groups = [...new Set(keyed.map((action) => action.group))];
  return (
    <Modal opened={opened} onClose={onClose} title={t("Keyboard shortcuts")} size={720} closeButtonProps={{ "aria-label": t("Close") }} transitionProps={{ duration: 80 }}>
      <div className={classes.columns}>
        {groups.map((group) => (
          <section className={classes.section} key={group}>
            <h3>{t(group)}</h3>
            {keyed
              .filter((action) => action.group === group)
              .map((action) => (
                <div key={action.id}>
                  <span>{t(action.label)}</span>
                  <Alternatives keys={action.keys ?? []} />
                </div>
              ))}
          </section>
        ))}
        <section className={classes.section}>
          <h3>{t("Tables")}</h3>
          {[
            { label: t("Walk the rows"), keys: ["up", "down"] },
            { label: t("Open the row"), keys: ["enter"] },
            { label: t("Select the row"), keys: ["space"] },
            { label: t("Select all rows"), keys: ["mod+a"] },
          ].map(({ label, keys }) => (
            <div key={label}>
              <span>{label}</span>
              <Alternatives keys={keys} />
            </div>
          ))}
        </section>
      </div>
    </Modal>
  );
}
