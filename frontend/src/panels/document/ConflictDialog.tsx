import { Button, Group, Modal, SegmentedControl, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { pipelineUrl } from "../../api";
import type { PipelineDetail } from "../../api/types";
import { ErrorNote, Note } from "../../design";
import { t } from "../../i18n";
import { useDuplicate } from "../pipelines/useDuplicate";
import { Diff } from "./Diff";
import { type Theirs, textOf, useEditor, useEditorStore } from "./editor";
import { useSaving } from "./keeping";

type View = "both" | "mine" | "theirs";

/** Two edited the same: both sides are shown, and nothing is sent until one is chosen. What is not chosen comes back by undo, or as a copy. */
export function ConflictDialog({ detail }: { detail: PipelineDetail }) {
  const conflict = useEditor((state) => state.conflict);
  const [copied, setCopied] = useState<number | null>(null);
  if (conflict) return <Sides conflict={conflict} detail={detail} onCopied={setCopied} />;
  if (copied === null) return null;
  return (
    <Modal opened onClose={() => setCopied(null)} size="sm" title={t("Both are kept")} closeButtonProps={{ "aria-label": t("Close") }}>
      <Note>{t("This page goes on with theirs. Yours is a pipeline of its own:")} <Link to={pipelineUrl(copied)} onClick={() => setCopied(null)}>{t("open it")}</Link></Note>
    </Modal>
  );
}

interface SidesProps {
  conflict: Theirs;
  detail: PipelineDetail;
  onCopied: (pipeline: number) => void;
}

function Sides({ conflict, detail, onCopied }: SidesProps) {
  const editor = useEditorStore();
  const mine = useEditor(textOf);
  const base = useEditor((state) => state.outbox?.base.text ?? state.saved);
  const saved = useEditor((state) => state.saved);
  const saving = useSaving();
  const duplicate = useDuplicate();
  const copying = useMutation({ mutationFn: () => duplicate(detail, mine) });
  const [view, setView] = useState<View>("both");
  const revision = conflict.kind === "revision";
  const common = revision ? saved : base;
  const names = revision ? { theirs: t("revision {revision}", { revision: conflict.revision }), common: t("your revision") } : { theirs: t("theirs"), common: t("what both began with") };
  const sides: Record<View, [string, string, string, string]> = {
    both: [conflict.document, mine, names.theirs, t("your text")],
    mine: [common, mine, names.common, t("your text")],
    theirs: [common, conflict.document, names.common, names.theirs],
  };
  const [before, after, from, to] = sides[view];
  const settle = (whose: "mine" | "theirs") => {
    editor.getState().settle(whose);
    if (revision && whose === "mine") saving.mutate(undefined);
  };
  const both = () => copying.mutate(undefined, { onSuccess: (copy) => { onCopied(copy); settle("theirs"); } });
  return (
    <Modal closeButtonProps={{ "aria-label": t("Close") }} opened onClose={() => editor.getState().meet(null)} size="xl"
      title={revision ? t("Revision {revision} was saved meanwhile", { revision: conflict.revision }) : t("Somebody else edited the same")}>
      <Text size="sm" mb="sm">
        {t("Nothing was overwritten: choose which side goes on. Either way undo brings your text back.")}
      </Text>
      <SegmentedControl mb="sm" aria-label={t("What to compare")} value={view} onChange={(value) => setView(value as View)}
        data={[{ value: "both", label: t("Theirs to mine") }, { value: "mine", label: t("What I changed") }, { value: "theirs", label: t("What they changed") }]} />
      <Diff before={before} after={after} names={[from, to]} height="48vh" />
      <ErrorNote error={copying.error ?? saving.error} />
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => editor.getState().meet(null)}>{t("Decide later")}</Button>
        <Button variant="default" onClick={both} loading={copying.isPending}>{t("Keep both, mine as a copy")}</Button>
        <Button variant="default" onClick={() => settle("theirs")}>{t("Take theirs")}</Button>
        <Button onClick={() => settle("mine")} loading={saving.isPending}>
          {revision ? t("Keep mine, as revision {revision}", { revision: conflict.revision + 1 }) : t("Keep mine")}
        </Button>
      </Group>
    </Modal>
  );
}
