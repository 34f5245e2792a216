"""Every URL of the platform: the API, its description, Prometheus, and the pages (one page application)."""

from __future__ import annotations

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularSwaggerSplitView

from porsche.ide.api.description import DescriptionView
from porsche.ide.pages import application, sign_in
from porsche.ide.services.people import SIGN_IN
from porsche.monitor.prometheus import PrometheusView

urlpatterns = [
    path("api/", include("porsche.ide.api.urls")),
    path("api/", include("porsche.monitor.urls")),
    path("api/", include("porsche.serving.urls")),
    path("api/", include("porsche.verification.urls")),
    path("api/schema", DescriptionView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("metrics", PrometheusView.as_view(), name="prometheus"),
    path(SIGN_IN, sign_in, name="sign-in"),
    re_path(r"^(?!api/|static/|metrics).*$", application, name="application"),
]

handler400 = "porsche.ide.pages.bad_request"
handler403 = "porsche.ide.pages.forbidden"
handler404 = "porsche.ide.pages.not_found"
handler500 = "porsche.ide.pages.broken"
