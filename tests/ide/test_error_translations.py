"""What the API's framework says has its Chinese one, too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rest_framework import exceptions, serializers

from porsche.ide.api import errors

SERVER = Path(__file__).resolve().parents[2] / "frontend" / "src" / "i18n" / "zh" / "server"
REFUSALS = (
    exceptions.NotFound(), exceptions.NotAuthenticated(), exceptions.AuthenticationFailed(),
    exceptions.PermissionDenied(), exceptions.MethodNotAllowed("{}"), exceptions.UnsupportedMediaType("{}"),
    exceptions.Throttled(), exceptions.ParseError(), exceptions.NotAcceptable(),
)  # fmt: skip
FIELDS = (
    serializers.Field, serializers.CharField, serializers.IntegerField, serializers.FloatField,
    serializers.BooleanField, serializers.ChoiceField, serializers.ListField, serializers.DictField,
    serializers.Serializer, serializers.DateTimeField, serializers.SlugField, serializers.JSONField,
)  # fmt: skip


@pytest.fixture(scope="module")
def known() -> set[str]:
    return {text for path in SERVER.glob("*.json") for text in json.loads(path.read_text("utf-8"))}


def test_refusals_are_translated(known: set[str]) -> None:
    told = [errors.of_api_exception(error) for error in REFUSALS]
    assert {text for said in told for text in (said["message"], said["hint"]) if text} - known == set()
    assert set(errors.HINTS.values()) - known == set()


def test_what_is_wrong_with_a_field_is_translated(known: set[str]) -> None:
    texts = {str(text) for field in FIELDS for text in field.default_error_messages.values()}
    assert {re.sub(r"\{\w+\}", "{}", text) for text in texts} - known == set()
