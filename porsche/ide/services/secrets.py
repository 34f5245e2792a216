"""Secrets that people and programs show: made here, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets


def new(prefix: str = "") -> str:
    """A secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of it. A plain hash is enough: nobody guesses 256 bits, so nothing is gained by a slow one."""
    return hashlib.sha256(secret.encode()).hexdigest()


def fits(secret: str, kept: str) -> bool:
    """Whether a secret is the one whose hash was kept, in a time that says nothing about either."""
    return secrets.compare_digest(digest(secret), kept)
