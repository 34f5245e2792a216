/** The widget of each kind of property (`kind` of the class in porsche/components/properties.py). */

import { ColumnName, ColumnNames } from "./columns";
import { ExpressionField, ExpressionList, QueryField } from "./expressions";
import { ColumnLists, FieldsEditor, NumberLists, OptionsEditor } from "./lists";
import { Choice, Duration, Flag, Line, NumberField, isDuration } from "./simple";
import type { WidgetKind } from "./types";

const isNothing = (value: unknown): boolean => value === undefined || value === null;
const isLine = (value: unknown): boolean => isNothing(value) || ["string", "number", "boolean"].includes(typeof value);
const isNames = (value: unknown): boolean => isLine(value) || (Array.isArray(value) && value.every(isLine));
const isMap = (fits: (value: unknown) => boolean) => (value: unknown): boolean =>
  isNothing(value) || (typeof value === "object" && !Array.isArray(value) && Object.values(value as object).every(fits));

export const WIDGETS: Readonly<Record<string, WidgetKind>> = {
  text: { Widget: Line, fits: isLine },
  path: { Widget: Line, fits: isLine },
  number: { Widget: NumberField, fits: isLine },
  duration: { Widget: Duration, fits: isDuration },
  choice: { Widget: Choice, fits: isLine },
  flag: { Widget: Flag, fits: (value) => isNothing(value) || typeof value === "boolean" },
  column: { Widget: ColumnName, fits: isLine },
  time: { Widget: ColumnName, fits: isLine },
  columns: { Widget: ColumnNames, fits: isNames, grouped: true },
  expression: { Widget: ExpressionField, fits: isLine },
  expressions: { Widget: ExpressionList, fits: isMap(isLine), grouped: true },
  query: { Widget: QueryField, fits: isLine },
  fields: { Widget: FieldsEditor, fits: isMap(isLine), grouped: true },
  column_lists: { Widget: ColumnLists, fits: isMap(isNames), grouped: true },
  number_lists: { Widget: NumberLists, fits: isMap(isNames), grouped: true },
  options: { Widget: OptionsEditor, fits: isMap(isLine), grouped: true },
};
