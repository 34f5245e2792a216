import { Modal } from "@mantine/core";

import { Keys } from "./Keys";
import classes from "./Palette.module.css";
import { useRegistry } from "./registry";

/** Every shortcut that works on the page that is shown. */
export function Help({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const actions = useRegistry((state) => state.actions);
  const keyed = actions.filter((action) => action.keys?.length);
  const groups = [...new Set(keyed.map((action) => action.group))];
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size={720} closeButtonProps={{ "aria-label": "Close" }} transitionProps={{ duration: 80 }}>
      <div className={classes.columns}>
        {groups.map((group) => (
          <section className={classes.section} key={group}>
            <h3>{group}</h3>
            {keyed
              .filter((action) => action.group === group)
              .map((action) => (
                <div key={action.id}>
                  <span>{action.label}</span>
                  <span>{action.keys?.map((one) => <Keys key={one} keys={one} />)}</span>
                </div>
              ))}
          </section>
        ))}
        <section className={classes.section}>
          <h3>Tables</h3>
          {[
            ["Walk the rows", "up"],
            ["Open the row", "enter"],
            ["Select the row", "space"],
            ["Select all rows", "mod+a"],
          ].map(([label = "", keys = ""]) => (
            <div key={label}>
              <span>{label}</span>
              <Keys keys={keys} />
            </div>
          ))}
        </section>
      </div>
    </Modal>
  );
}
