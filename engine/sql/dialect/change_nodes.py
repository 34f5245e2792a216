"""Nodes of DROP and ALTER."""

from __future__ import annotations

from sqlglot import exp

_OPTIONAL = False
_REQUIRED = True


class DropObject(exp.Expression):
    """DROP: text `kind` (TABLE, VIEW, FUNCTION, ...); `cascade` True or False where said."""

    arg_types = {"kind": _REQUIRED, "this": _REQUIRED, "temporary": _OPTIONAL, "system": _OPTIONAL,
                 "exists": _OPTIONAL, "cascade": _OPTIONAL}


class AlterObject(exp.Expression):
    """ALTER of an object of text `kind`: one `action` (a node of the list below)."""

    arg_types = {"kind": _REQUIRED, "this": _REQUIRED, "temporary": _OPTIONAL, "system": _OPTIONAL,
                 "exists": _OPTIONAL, "action": _REQUIRED}


class RenameTo(exp.Expression):
    """RENAME TO this (a Table)."""


class RenameColumn(exp.Expression):
    """RENAME this TO to (Column or Dot, Identifier)."""

    arg_types = {"this": _REQUIRED, "to": _REQUIRED}


class SetOptions(exp.Expression):
    """SET ('k' = 'v', ...)."""

    arg_types = {"expressions": _OPTIONAL}


class ResetOptions(exp.Expression):
    """RESET ('k', ...)."""

    arg_types = {"expressions": _OPTIONAL}


class SetComment(exp.Expression):
    """COMMENT 'text'."""


class SetQuery(exp.Expression):
    """AS query."""


class SetImplementation(exp.Expression):
    """AS 'class' LANGUAGE language, of ALTER FUNCTION."""

    arg_types = {"this": _REQUIRED, "language": _OPTIONAL}


class SetRefresh(exp.Expression):
    """SET FRESHNESS = interval, or SET REFRESH_MODE = mode."""

    arg_types = {"freshness": _OPTIONAL, "refresh_mode": _OPTIONAL}


class Lifecycle(exp.Expression):
    """SUSPEND, RESUME [WITH options] or REFRESH [PARTITION ...]: which as text `this`."""

    arg_types = {"this": _REQUIRED, "options": _OPTIONAL, "partition": _OPTIONAL}


class ChangeSchema(exp.Expression):
    """ADD or MODIFY (text `kind`) of Positioned columns or columns, a Watermark, KeyConstraint or Distribution."""

    arg_types = {"kind": _REQUIRED, "expressions": _REQUIRED}


class DropColumns(exp.Expression):
    """DROP (a, b): Columns or Dots."""

    arg_types = {"expressions": _REQUIRED}


class DropPart(exp.Expression):
    """DROP PRIMARY KEY, CONSTRAINT this, WATERMARK or DISTRIBUTION: which as text `kind`."""

    arg_types = {"kind": _REQUIRED, "this": _OPTIONAL}


class ChangePartitions(exp.Expression):
    """ADD or DROP (text `kind`) of PartitionSpecs."""

    arg_types = {"kind": _REQUIRED, "exists": _OPTIONAL, "expressions": _REQUIRED}


class PartitionSpec(exp.Expression):
    """PARTITION (a = 1, b): `exp.EQ` nodes and Identifiers; `options` of ADD PARTITION ... WITH."""

    arg_types = {"expressions": _REQUIRED, "options": _OPTIONAL}
