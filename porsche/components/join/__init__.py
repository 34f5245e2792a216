"""Rows meet rows."""
