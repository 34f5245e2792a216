"""Addresses under /api/."""

from __future__ import annotations

from django.urls import path

from porsche.serving import api

urlpatterns = [
    path("models", api.ModelsView.as_view(), name="models"),
    path("models/<str:name>", api.ModelView.as_view(), name="model"),
    path("models/<str:name>/versions", api.ModelVersionsView.as_view(), name="model-versions"),
    path("models/<str:name>/versions/<int:version>", api.ModelVersionView.as_view(), name="model-version"),
    path("models/<str:name>/versions/<int:version>/weights", api.ModelWeightsView.as_view(), name="model-weights"),
    path("models/<str:name>/predict", api.PredictView.as_view(), name="predict"),
]
