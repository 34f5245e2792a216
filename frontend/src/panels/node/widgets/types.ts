/** What the form of a property gets. A kind of property is a class in Python and a widget here: `index.ts` has the table. */

import type { ReactNode } from "react";

import type { PropertySpec } from "../../../api/types";
import type { ModelNode } from "../../../document/model";

export interface WidgetProps {
  /** Of the control: its label refers to it. */
  id: string;
  node: ModelNode;
  spec: PropertySpec;
  /** undefined: the document says nothing, the default holds. */
  value: unknown;
  disabled: boolean;
  /** Whether the compiler complains about it. */
  invalid: boolean;
  /** Id of what describes it: help and errors. */
  describedBy: string | undefined;
  /** undefined: the default again. */
  onChange: (value: unknown) => void;
  /** Gives a column of the node another name, wherever it is read; false where that cannot be done. */
  onRename: (from: string, to: string) => boolean;
}

export type Widget = (props: WidgetProps) => ReactNode;

export interface WidgetKind {
  Widget: Widget;
  /** Whether it can show a value; else it is shown as YAML. */
  fits: (value: unknown) => boolean;
  /** Several controls in one: a group with a name, instead of a control with a label. */
  grouped?: boolean;
}

/** What every control says of itself. */
export function aria({ id, invalid, describedBy, disabled }: WidgetProps) {
  return { id, disabled, "aria-invalid": invalid || undefined, "aria-describedby": describedBy };
}
