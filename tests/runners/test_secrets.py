"""Secrets of a job: references until the process that runs it puts the values in their places."""

from __future__ import annotations

import pytest

from engine.errors import UserError
from porsche.runners import secrets
from porsche.runners.launch import THRIFTY, passed

SQL = "CREATE TABLE t (a INT) WITH ('password' = '${secret:DB}', 'token' = 'x${secret:API}y', 'path' = '${table}')"


def test_values_are_put_into_literals() -> None:
    found = secrets.resolved(SQL, {"PORSCHE_SECRET_DB": "it's", "PORSCHE_SECRET_API": "${secret:DB}"})
    assert found.partition(" WITH ")[2] == "('password' = 'it''s', 'token' = 'x${secret:DB}y', 'path' = '${table}')"


def test_a_secret_that_is_not_set() -> None:
    with pytest.raises(UserError) as caught:
        secrets.resolved(SQL, {"PORSCHE_SECRET_API": "x"})
    assert caught.value.code == "missing_secret" and "PORSCHE_SECRET_DB" in (caught.value.hint or "")


def test_a_job_is_given_what_its_document_names() -> None:
    environment = {"PORSCHE_SECRET_DB": "a", "PORSCHE_SECRET_OTHER": "b", "PATH": "c", "PORSCHE_SECRET_KEY": "d"}
    assert passed(environment, secrets.variables("${secret:DB}", "${other}")) == THRIFTY | {
        "PORSCHE_SECRET_DB": "a", "PATH": "c"}
    assert passed(environment, secrets.variables("nothing")) == THRIFTY | {"PATH": "c"}


def test_what_neither_log_nor_failure_may_hold() -> None:
    environment = {"PORSCHE_SECRET_A": "short", "PORSCHE_SECRET_B": "short and long", "PORSCHE_SECRET_C": ""}
    found = secrets.values(["${secret:A} ${secret:B}", "${secret:C} ${secret:D}"], environment)
    assert found == ("short and long", "short")
