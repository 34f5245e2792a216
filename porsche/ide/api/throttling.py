"""How often one may ask: so many requests in each minute of the clock, counted in one number per client."""

from __future__ import annotations

import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

MINUTE = 60


class Throttle(BaseThrottle):
    """Counts a client's requests of a scope: `user` for those signed in, `anon` for the others; a view's
    `throttle_scope` adds one of its own for what it POSTs. Rates are in the settings."""

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        user = request.user
        scopes = [("user", str(user.pk)) if user.is_authenticated else ("anon", self.get_ident(request))]
        own = getattr(view, "throttle_scope", None)
        if own and request.method == "POST":
            scopes.append((own, self.get_ident(request)))
        counts = [(self._count(scope, who), _rate(scope)) for scope, who in scopes]
        return all(count <= rate for count, rate in counts)

    def _count(self, scope: str, who: str) -> int:
        now = time.time()
        self._wait = MINUTE - now % MINUTE
        key = f"throttle:{scope}:{int(now // MINUTE)}:{who}"
        if cache.add(key, 1, timeout=2 * MINUTE):
            return 1
        try:
            return cache.incr(key)
        except ValueError:  # it was thrown out between the two
            return 1

    def wait(self) -> float | None:
        return self._wait


def _rate(scope: str) -> int:
    """Requests a minute."""
    return int(str(api_settings.DEFAULT_THROTTLE_RATES[scope]).partition("/")[0])
