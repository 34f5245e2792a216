import { Button, Group, Modal, SegmentedControl, Text } from "@mantine/core";
import { useState } from "react";

import { Diff } from "./Diff";
import { textOf, useEditor, useEditorStore } from "./editor";
import { useSaving } from "./keeping";

const VIEWS = [
  { value: "both", label: "Theirs to mine" },
  { value: "mine", label: "What I changed" },
  { value: "theirs", label: "What they changed" },
];

/** Two people changed the same revision: both sides are shown, and nothing is written until one is chosen. */
export function ConflictDialog() {
  const editor = useEditorStore();
  const conflict = useEditor((state) => state.conflict);
  const mine = useEditor(textOf);
  const base = useEditor((state) => state.saved);
  const revision = useEditor((state) => state.revision);
  const saving = useSaving();
  const [view, setView] = useState("both");
  if (!conflict) return null;
  const sides: Record<string, [string, string, string, string]> = {
    both: [conflict.document, mine, `revision ${conflict.revision}`, "your text"],
    mine: [base, mine, `revision ${revision}`, "your text"],
    theirs: [base, conflict.document, `revision ${revision}`, `revision ${conflict.revision}`],
  };
  const [before, after, from, to] = sides[view] ?? ["", "", "", ""];
  const settle = (whose: "mine" | "theirs") => {
    editor.getState().settle(whose);
    if (whose === "mine") saving.mutate(undefined);
  };
  return (
    <Modal closeButtonProps={{ "aria-label": "Close" }} opened onClose={() => editor.getState().meet(null)} size="xl" title={`Revision ${conflict.revision} was saved meanwhile`}>
      <Text size="sm" mb="sm">
        Your text rests on revision {revision}. Nothing was overwritten: choose which side goes on. Either way undo brings your text back.
      </Text>
      <SegmentedControl data={VIEWS} value={view} onChange={setView} mb="sm" aria-label="What to compare" />
      <Diff before={before} after={after} names={[from, to]} height="48vh" />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => editor.getState().meet(null)}>Decide later</Button>
        <Button variant="default" onClick={() => settle("theirs")}>Take theirs</Button>
        <Button onClick={() => settle("mine")} loading={saving.isPending}>Keep mine, as revision {conflict.revision + 1}</Button>
      </Group>
    </Modal>
  );
}
