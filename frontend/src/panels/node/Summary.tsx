import { useEditor } from "../document/editor";
import panels from "../run/panels.module.css";
import classes from "./node.module.css";

/** About the pipeline as a whole, while no node is selected. */
export function Summary({ onSelect }: { onSelect: (node: string) => void }) {
  const model = useEditor((state) => state.model);
  return (
    <div className={classes.panel}>
      <div className={classes.title}><h2>{model.name}</h2></div>
      {model.description ? <p style={{ margin: "4px 0 0" }}>{model.description}</p> : null}
      <section className={classes.section}>
        <h3>Parameters</h3>
        {model.parameters.length ? (
          <table className={classes.columns}>
            <tbody>
              {model.parameters.map((each) => (
                <tr key={each.name}>
                  <td><strong>{each.name}</strong>{each.description ? <div className="p-muted">{each.description}</div> : null}</td>
                  <td className={classes.type}>{each.default ?? "no default"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : <p className="p-muted" style={{ margin: 0 }}>None: each run is the same.</p>}
      </section>
      {Object.keys(model.settings).length ? (
        <section className={classes.section}>
          <h3>Settings</h3>
          <table className={classes.columns}>
            <tbody>{Object.entries(model.settings).map(([name, value]) => <tr key={name}><td>{name}</td><td className={classes.type}>{String(value)}</td></tr>)}</tbody>
          </table>
        </section>
      ) : null}
      <section className={classes.section}>
        <h3>Nodes ({model.nodes.length})</h3>
        <p className="p-muted" style={{ margin: "0 0 4px" }}>Select one to see its settings, columns and figures.</p>
        {model.nodes.map((node) => (
          <div key={node.id}><button type="button" className={panels.link} onClick={() => onSelect(node.id)}>{node.label || node.id}</button> <span className="p-muted">{node.component}</span></div>
        ))}
      </section>
    </div>
  );
}
