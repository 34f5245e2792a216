"""A support bundle: what somebody needs who helps with a run, and nothing that is not theirs to see.

    with Path("shop-7.zip").open("xb") as file:
        bundle(RunFolder(folder), file, {"run.json": about, "metrics.json": history})

| in the archive | |
|---|---|
| README.txt | what is in it, and what was left out |
| document.yaml, statements.sql, plan.txt | what runs, without secrets; from the caller and from the folder |
| status.json, process.json, attempts.json, outcome.json, stuck.json | what the job said last |
| failure.json | why it could not go on, without the record that it failed on |
| log.jsonl, log.jsonl.1 ... | its log, `LOG_BYTES` of it at most, the newest |
| checkpoints/*.json | manifests: files, checksums, positions of sources, totals |
| system.json | versions, cores, memory, disk |

*No rows*: dead letters, results, the data of checkpoints and what the job printed are left out, and in messages every
quoted text is masked that is no word of the document. *No secrets*: `porsche.redaction`, with the values it is given.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import IO, Any

from porsche.output import KEPT
from porsche.redaction import HIDDEN, redact, secrets_of
from porsche.runners.folder import RunFolder

LOG_BYTES = 8 << 20
MASK = "'...'"
_TOLD = ("process", "attempts", "outcome", "stuck", "failure")
_PACKAGES = ("porsche", "numpy", "numba", "polars", "pyarrow", "sqlglot", "django")
_QUOTED = re.compile(r"(?<!\w)'((?:[^'\\\n]|\\.|'')*)'|\"((?:[^\"\\\n]|\\.)*)\"")
_WORD = re.compile(r"\w+")
_README = """A support bundle of Porsche: what the run is, what its job said last, its log, its checkpoints' manifests.

Left out: rows (dead letters, results, the data of checkpoints, what the job printed) and secrets. In messages, quoted
texts that are no words of the document are masked: %s.
"""


def bundle(folder: RunFolder, file: IO[bytes], extra: Mapping[str, Any], secrets: Sequence[str] = ()) -> None:
    """Write the archive (ZIP). `extra`: more members by name, as text or as JSON values; `secrets`: values that must
    not be in it."""
    spec = folder.spec()
    document = spec.document if spec else ""
    mask = masker(document)

    def shown(text: str) -> str:
        return redact(text, secrets)

    def masked(text: str) -> str:
        return shown(mask(text))

    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        def add(name: str, value: Any, change: Callable[[str], str] = shown) -> None:
            archive.writestr(name, change(value) if isinstance(value, str) else _json(within(value, change), indent=1))

        add("README.txt", _README % MASK)
        add("document.yaml", document)
        for name, value in extra.items():
            add(name, value, shown if isinstance(value, str) else masked)
        for plan in sorted((folder.state / "plan.txt", *folder.state.glob("phase-*/plan.txt"))):
            if plan.exists():
                add("-".join(plan.relative_to(folder.state).parts), plan.read_text(encoding="utf-8"))
        add("status.json", _read(folder.state / "status.json"))
        for name in _TOLD:
            if (told := folder.read(name)) is not None:
                told.pop("record", None)
                add(f"{name}.json", told, masked)
        for path in _logs(folder.log):
            with archive.open(path.name, "w") as member:
                member.writelines(f"{_json(within(line, masked))}\n".encode() for line in _lines(path))
        for manifest in sorted((folder.state / "checkpoints").glob("epoch-*.json")):
            add(f"checkpoints/{manifest.name}", _manifest(manifest))
        add("system.json", system(folder.path))


def within(value: Any, change: Callable[[str], str]) -> Any:
    """JSON values with each text changed; what a name says is a secret is hidden."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: HIDDEN if isinstance(part, str) and secrets_of({str(name): part}) else within(part, change)
                for name, part in value.items()}
    return [within(part, change) for part in value] if isinstance(value, list | tuple) else value


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, default=str, ensure_ascii=False)


def masker(document: str) -> Callable[[str], str]:
    """What masks quoted texts, unless all their words are in the document: names of nodes, columns and functions."""
    known = set(_WORD.findall(document))

    def replace(match: re.Match[str]) -> str:
        inside = match[1] if match[1] is not None else match[2]
        return match[0] if known.issuperset(_WORD.findall(inside)) else MASK

    return lambda text: _QUOTED.sub(replace, text)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _logs(log: Path) -> Iterator[Path]:
    """The log's files, newest first, as long as they are within `LOG_BYTES`."""
    left = LOG_BYTES
    for path in (log, *(log.with_name(f"{log.name}.{n}") for n in range(1, KEPT + 1))):
        if left > 0 and path.exists():
            yield path
            left -= path.stat().st_size


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """A log's lines; what is no object of JSON is left out."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict):
                    yield value


def _manifest(path: Path) -> Any:
    """A checkpoint's manifest; of what its sinks sealed, which may hold rows, only whose it is."""
    value = _read(path)
    if isinstance(value, dict):
        meta = value.get("body", {}).get("meta", {})
        if isinstance(meta.get("sinks"), dict):
            meta["sinks"] = sorted(meta["sinks"])
    return value


def system(folder: Path) -> dict[str, Any]:
    """The machine and what is installed on it."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    disk = shutil.disk_usage(folder if folder.exists() else "/")
    return {
        "python": sys.version,
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory_bytes": pages * size,
        "disk_bytes": {"total": disk.total, "free": disk.free},
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
