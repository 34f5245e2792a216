"""Where `${secret:NAME}` may stand: in an option of a connector that by its name is a secret, nowhere else.

Anywhere else a pipeline could write the secret to where others read it. The reference is no parameter: it stays in the
SQL as it is, and the job's process alone puts the value there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from porsche.compiler.diagnostics import Path

PREFIX = "secret:"
HINT = "a secret stands in an option of a connector whose name says so, such as password or api-key"
_BEGIN = "${" + PREFIX
_OPTION = re.compile(
    r"[\w.\-]*?(?:password|passwd|secret|token|api[_\-]?key|access[_\-]?key|private[_\-]?key|credential|jaas)[\w.\-]*+",
    re.IGNORECASE)


def misplaced(value: Any, *, options: bool = False) -> Iterator[Path]:
    """The paths inside a value, in which parameters have been replaced, of secrets that may not stand there.

    `options`: it holds a connector's options.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if _BEGIN in name:
                yield (name,)
            elif not (options and isinstance(inner, str) and _OPTION.fullmatch(name)):
                yield from ((name, *path) for path in misplaced(inner))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from ((i, *path) for path in misplaced(inner))
    elif isinstance(value, str) and _BEGIN in value:
        yield ()
