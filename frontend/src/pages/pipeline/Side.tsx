import type { RunSummary } from "../../api/types";
import { lineInside } from "../../document/inside";
import { t } from "../../i18n";
import { useSelection } from "../../panels/canvas/selection";
import { DocumentPanel } from "../../panels/document/DocumentPanel";
import { type Editor, EditorProvider, isDirty, textOf, useEditor, useEditorStore } from "../../panels/document/editor";
import { RevisionsPanel } from "../../panels/document/RevisionsPanel";
import { InsidePanel } from "../../panels/node/InsidePanel";
import { NodePanel } from "../../panels/node/NodePanel";
import { SqlPanel } from "../../panels/sql/SqlPanel";
import { type Tab, Tabs } from "./Tabs";
import type { View } from "./Workbench";

interface SideProps {
  view: View;
  /** The inside of a component, and what is selected there. */
  inner: { editor: Editor; view: View } | null;
  run: RunSummary | null;
  canEdit: boolean;
  overtaken: boolean;
}

/** What is said of the document: the selected node, SQL, text, revisions. */
export function Side({ view, inner, run, canEdit, overtaken }: SideProps) {
  const editor = useEditorStore();
  const dirty = useEditor(isDirty);
  const shown = inner?.view ?? view;
  const node = useSelection((state) => state.primary) ?? shown.node; // at once, where the URL takes its time: what is typed is of what is selected
  const property = node === shown.node ? shown.property : null;
  const reveal = (node: string, property?: string) => view.reveal({ node, property });
  const revealInside = (component: string, node: string) => view.reveal({ line: lineInside(textOf(editor.getState()), component, node) });
  const tabs: Tab[] = [
    { id: "node", label: node ? t("Node") : inner ? t("Component") : t("Pipeline"), content: () => inner ? (
      <EditorProvider value={inner.editor}>
        <InsidePanel node={node} property={property} canEdit={canEdit} onSelect={inner.view.select} onReveal={revealInside} />
      </EditorProvider>
    ) : (
      <NodePanel node={node} property={property} run={run} canEdit={canEdit} onSelect={view.select} onReveal={reveal} />
    ) },
    { id: "sql", label: "SQL", content: () => <SqlPanel selected={view.node} property={view.property} canEdit={canEdit} onSelect={view.point} /> },
    { id: "document", label: dirty ? `${t("Document")} •` : t("Document"), content: () => (
      <DocumentPanel canEdit={canEdit} reveal={view.revealed} onCompare={() => view.show("revisions")} overtaken={overtaken} />
    ) },
    { id: "revisions", label: t("Revisions"), content: () => <RevisionsPanel canEdit={canEdit} run={run} /> },
  ];
  return <Tabs label={t("Document")} tabs={tabs} value={view.side} onChange={view.show} />;
}
