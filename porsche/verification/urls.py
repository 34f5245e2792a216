"""Addresses under /api/."""

from __future__ import annotations

from django.urls import path

from porsche.verification import api

urlpatterns = [
    path("runs/<int:pk>/verifications", api.VerificationsView.as_view(), name="run-verifications"),
    path("verifications/<int:pk>", api.VerificationView.as_view(), name="verification"),
]
