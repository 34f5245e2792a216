"""How much a property test tries: a few hundred examples in `make test`, 5,000 in `make soak`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"


def examples(count: int) -> settings:
    """Settings of a property test marked `soak`: `count` examples, or 5,000 in a soak run, without a deadline."""
    return settings(max_examples=5_000 if SOAK else count)


def load() -> None:
    """Make the profile of this run the default of every property test."""
    settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True,
                              suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("soak", parent=settings.get_profile("ci"), max_examples=5_000, derandomize=False)
    settings.load_profile("soak" if SOAK else "ci")
