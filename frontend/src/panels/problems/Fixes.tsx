import { Button, Popover } from "@mantine/core";
import { IconWand } from "@tabler/icons-react";
import { useState } from "react";

import type { Diagnostic } from "../../api/types";
import { plural, said, t } from "../../i18n";
import { useEditor, useEditorStore } from "../document/editor";
import code from "../document/code.module.css";
import classes from "./problems.module.css";
import { type Fix, alike, applyAll, applyFix, isCurrent, preview } from "./fixing";

interface FixesProps {
  diagnostic: Diagnostic;
  /** All problems: those of the same kind can be mended together. */
  all?: readonly Diagnostic[];
}

/** What mends a problem: a button for each way, with what it would change. */
export function Fixes({ diagnostic, all }: FixesProps) {
  const editor = useEditorStore();
  const current = useEditor(isCurrent);
  const fixes = diagnostic.fixes ?? [];
  if (!fixes.length) return null;
  const [first] = all?.filter((each) => each.code === diagnostic.code && each.fixes?.length) ?? [];
  const together = first === diagnostic ? alike(all ?? [], diagnostic.code) : [];
  return (
    <div className={classes.fixes}>
      {fixes.map((fix, i) => <FixButton key={i} fix={fix} disabled={!current} main={i === 0} onApply={() => applyFix(editor, fix)} />)}
      {together.length > 1 ? (
        <Button size="compact-xs" variant="subtle" disabled={!current}
          onClick={() => applyAll(editor, together, plural(together.length, "Fix {count} problem", "Fix {count} problems"))}>
          {t("Fix all {count} of this kind", { count: together.length })}
        </Button>
      ) : null}
    </div>
  );
}

const SHOWN = 12;

/** A fix, and while it has the pointer or the focus, the lines that it changes. */
function FixButton({ fix, disabled, main, onApply }: { fix: Fix; disabled: boolean; main: boolean; onApply: () => void }) {
  const editor = useEditorStore();
  const [open, setOpen] = useState(false);
  const lines = open && !disabled ? preview(editor.getState(), fix) : [];
  const show = () => setOpen(true);
  const hide = () => setOpen(false);
  return (
    <Popover opened={lines.length > 0} shadow="md" position="bottom-start" withinPortal>
      <Popover.Target>
        <Button size="compact-xs" variant={main ? "light" : "subtle"} leftSection={main ? <IconWand size={12} /> : undefined} disabled={disabled}
          onClick={onApply} onMouseEnter={show} onMouseLeave={hide} onFocus={show} onBlur={hide}>
          {said(fix.label)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={6} style={{ width: "max-content", maxWidth: 560 }} aria-label={t("What it changes")}>
        <div className={code.diff} style={{ maxHeight: 220 }}>
          <table><tbody>
            {lines.slice(0, SHOWN).map((line, i) => (
              <tr key={i} className={code[line.kind]}><td className={code.sign}>{line.kind === "added" ? "+" : "-"}</td><td>{line.text}</td></tr>
            ))}
          </tbody></table>
          {lines.length > SHOWN ? <p className="p-muted">{plural(lines.length - SHOWN, "{count} line more", "{count} lines more")}</p> : null}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
