import { isEnd } from "../../document/inside";
import { said, t } from "../../i18n";
import { useKnown } from "../canvas/catalogue";
import { useEditor } from "../document/editor";
import panels from "../run/panels.module.css";
import { Columns } from "./Columns";
import { ComponentDocs } from "./ComponentDocs";
import classes from "./node.module.css";
import { NodePanel } from "./NodePanel";

interface InsidePanelProps {
  node: string | null;
  property: string | null;
  canEdit: boolean;
  onSelect: (node: string) => void;
  /** Shows where a component's node stands in the document. */
  onReveal: (component: string, node: string) => void;
}

/** What is selected inside of a component; about the component, while nothing is. */
export function InsidePanel({ node, property, canEdit, onSelect, onReveal }: InsidePanelProps) {
  const inside = useEditor((state) => state.inside);
  if (!inside) return null;
  if (node && isEnd(node)) return <End node={node} onSelect={onSelect} />;
  if (node) return <NodePanel node={node} property={property} run={null} canEdit={canEdit} onSelect={onSelect} onReveal={(each) => onReveal(inside.component.name, each)} />;
  return <About component={inside.component.name} onSelect={onSelect} onReveal={onReveal} />;
}

/** What stands for an input or the output. */
function End({ node, onSelect }: { node: string; onSelect: (node: string) => void }) {
  const name = useEditor((state) => state.model.nodes.find((each) => each.id === node)?.label ?? "");
  const verb = useKnown().get(node);
  return (
    <div className={classes.panel}>
      <div className={classes.title}><h2>{name}</h2></div>
      <p className="p-muted">{verb?.doc}</p>
      {verb?.gives ? <Columns node={node} onSelect={onSelect} /> : null}
    </div>
  );
}

function About({ component, onSelect, onReveal }: { component: string } & Pick<InsidePanelProps, "onSelect" | "onReveal">) {
  const verb = useKnown().get(component);
  const nodes = useEditor((state) => state.model.nodes);
  return (
    <div className={classes.panel}>
      <div className={classes.title}><h2>{said(verb?.title ?? component)}</h2></div>
      <div className="p-muted"><code>{component}</code></div>
      <section className={classes.section}>
        {verb ? <ComponentDocs verb={verb} /> : null}
        <p><button type="button" className={panels.link} onClick={() => onReveal(component, "")}>{t("Edit its inputs, output and properties in the document")}</button></p>
      </section>
      <section className={classes.section}>
        <h3>{t("Nodes ({count})", { count: nodes.filter((each) => !isEnd(each.id)).length })}</h3>
        {nodes.map((node) => (isEnd(node.id) ? null : (
          <div key={node.id}><button type="button" className={panels.link} onClick={() => onSelect(node.id)}>{node.label || node.id}</button> <span className="p-muted">{node.component}</span></div>
        )))}
      </section>
    </div>
  );
}
