import { ContextMenu } from "./ContextMenu";
import type { Desk } from "./desk";
import { ComponentForm, RenameField } from "./Fields";
import { AddList, ConnectList, FindList, RegroupList } from "./Lists";
import { useOverlay } from "./overlay";

/** What lies over the canvas at the moment. */
export function Overlays({ desk, onProperty }: { desk: Desk; onProperty: (node: string, property: string | null) => void }) {
  const overlay = useOverlay((state) => state.overlay);
  switch (overlay?.kind) {
    case "add":
      return <AddList asked={overlay} desk={desk} />;
    case "connect":
      return <ConnectList asked={overlay} desk={desk} />;
    case "find":
      return <FindList desk={desk} onNode={onProperty} />;
    case "regroup":
      return <RegroupList asked={overlay} />;
    case "rename":
      return <RenameField key={overlay.node} node={overlay.node} />;
    case "component":
      return <ComponentForm nodes={overlay.nodes} />;
    case "menu":
      return <ContextMenu menu={overlay} />;
    default:
      return null;
  }
}
