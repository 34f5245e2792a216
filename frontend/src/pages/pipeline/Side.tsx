import type { RunSummary } from "../../api/types";
import { t } from "../../i18n";
import { DocumentPanel } from "../../panels/document/DocumentPanel";
import { isDirty, useEditor } from "../../panels/document/editor";
import { RevisionsPanel } from "../../panels/document/RevisionsPanel";
import { NodePanel } from "../../panels/node/NodePanel";
import { SqlPanel } from "../../panels/sql/SqlPanel";
import { type Tab, Tabs } from "./Tabs";
import type { View } from "./Workbench";

interface SideProps {
  view: View;
  run: RunSummary | null;
  canEdit: boolean;
  overtaken: boolean;
}

/** What is said of the document: the selected node, SQL, text, revisions. */
export function Side({ view, run, canEdit, overtaken }: SideProps) {
  const dirty = useEditor(isDirty);
  const reveal = (node: string, property?: string) => view.reveal({ node, property });
  const tabs: Tab[] = [
    { id: "node", label: view.node ? t("Node") : t("Pipeline"), content: () => (
      <NodePanel node={view.node} property={view.property} run={run} canEdit={canEdit} onSelect={view.select} onReveal={reveal} />
    ) },
    { id: "sql", label: "SQL", content: () => <SqlPanel selected={view.node} property={view.property} canEdit={canEdit} onSelect={view.point} /> },
    { id: "document", label: dirty ? `${t("Document")} •` : t("Document"), content: () => (
      <DocumentPanel canEdit={canEdit} reveal={view.revealed} onCompare={() => view.show("revisions")} overtaken={overtaken} />
    ) },
    { id: "revisions", label: t("Revisions"), content: () => <RevisionsPanel canEdit={canEdit} run={run} /> },
  ];
  return <Tabs label={t("Document")} tabs={tabs} value={view.side} onChange={view.show} />;
}
