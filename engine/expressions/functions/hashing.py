"""MD5, SHA1, SHA2 and kin, URLs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote_plus, unquote_to_bytes

from engine.changes import Column
from engine.errors import UserError
from engine.expressions.functions.base import Arguments, Constant, Context, Function
from engine.expressions.functions.rows import per_row
from engine.expressions.functions.signatures import bad_arguments, constant_of, signature
from engine.types import INT, STRING, DataType

_SHA2 = {0: hashlib.sha256, 224: hashlib.sha224, 256: hashlib.sha256, 384: hashlib.sha384, 512: hashlib.sha512}


def _digest(name: str) -> Function:
    def run(value: str | bytes) -> str:
        return hashlib.new(name, value.encode() if isinstance(value, str) else value, usedforsecurity=False).hexdigest()

    return per_row(signature(STRING, "data"), run)


def _sha2(value: str | bytes, bits: int) -> str:
    if bits not in _SHA2:
        raise UserError("bad_arguments", f"Unsupported algorithm: SHA-{bits}", hint="224, 256, 384 or 512")
    return _SHA2[bits](value.encode() if isinstance(value, str) else value).hexdigest()


_URL = re.compile(r"(?P<protocol>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)"
                  r"(?:\?(?P<query>[^#]*))?(?:#(?P<ref>.*))?", re.DOTALL)
_PROTOCOLS = frozenset({"http", "https", "ftp", "file", "jar", "mailto"})


def parse_url(url: str, part: str, key: str | None = None) -> str | None:
    """A part of a URL as java.net.URL has it: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY, USERINFO; one key of
    the QUERY."""
    match = _URL.fullmatch(url)
    if match is None or match["protocol"].lower() not in _PROTOCOLS:
        return None
    if key is not None:
        found = re.search(f"(?:&|^){re.escape(key)}=([^&]*)", match["query"] or "") if part == "QUERY" else None
        return found[1] if found else None
    user, at, host = (match["authority"] or "").rpartition("@")
    file = match["path"] + (f"?{match['query']}" if match["query"] is not None else "")
    parts: dict[str, str | None] = {
        "HOST": re.sub(r":\d*$", "", host), "PATH": match["path"], "QUERY": match["query"], "REF": match["ref"],
        "PROTOCOL": match["protocol"].lower(), "FILE": file, "AUTHORITY": match["authority"],
        "USERINFO": user if at else None,
    }
    return parts.get(part)


def url_decode(text: str, recursive: bool = False) -> str | None:
    """Percent signs that start no escape make the whole text NULL."""
    for _ in range(10 if recursive else 1):
        if re.search(r"%(?![0-9A-Fa-f]{2})", text):
            return None
        decoded = unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "replace")
        if decoded == text:
            break
        text = decoded
    return text


def url_encode(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")


def _infer_bucket(arguments: Arguments) -> DataType:
    count = constant_of(arguments, len(arguments.values) - 1)
    if not isinstance(count, int) or count < 1 or len(arguments.values) < 2:
        raise bad_arguments(arguments, "it takes values, then a number of buckets")
    return INT.as_nullable(False)


def _bucket(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.state.keys import KeyCodec

    count = args[-1].scalar if isinstance(args[-1], Constant) else None
    assert isinstance(count, int)
    return Column(type, KeyCodec([a.type.as_nullable() for a in args[:-1]]).buckets(args[:-1], length, count))


FUNCTIONS: dict[str, Function] = {
    "MD5": _digest("md5"), "SHA1": _digest("sha1"), "SHA224": _digest("sha224"), "SHA256": _digest("sha256"),
    "SHA384": _digest("sha384"), "SHA512": _digest("sha512"),
    "SHA2": per_row(signature(STRING, "data", "int"), _sha2, fallible=True),
    "$BUCKET": Function(_infer_bucket, _bucket, strict=False),  # of the optimizer: spreads values evenly
    "PARSE_URL": per_row(signature(STRING, "string", "string", "string?", nullable=True), parse_url),
    "URL_ENCODE": per_row(signature(STRING, "string", nullable=True), url_encode),
    "URL_DECODE": per_row(signature(STRING, "string", nullable=True), url_decode),
    "URL_DECODE_RECURSIVE": per_row(signature(STRING, "string", nullable=True), partial(url_decode, recursive=True)),
}  # fmt: skip
