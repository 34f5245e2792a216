"""Formats: bytes of files into columns, and columns into bytes."""
