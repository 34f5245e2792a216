"""Which runs have room: worked out by hand."""

from __future__ import annotations

import pytest

from porsche.ide.scheduling import Claim, Room, Share, never_fits
from porsche.runners.caps import Resources

MB = 1 << 20
MACHINE = Resources(slots=4, memory=1000 * MB, cores=2)


def room(**quotas: Share) -> Room:
    return Room(MACHINE, {int(name[1:]): share for name, share in quotas.items()})


def test_what_fits_is_taken() -> None:
    made = room()
    assert [made.admit(Claim(1, 2, 100 * MB)) for _ in range(2)] == [None, None]
    assert (made.taken.runs, made.taken.slots, made.taken.memory) == (2, 4, 200 * MB)
    refusal = made.admit(Claim(2, 1, 100 * MB))
    assert refusal is not None
    assert refusal.as_reason() == {
        "code": "no_slots", "node": None,
        "message": "waits for 1 slot: 4 of 4 slots are in use (number 1 in the queue)",
        "hint": "it starts when others have ended; PORSCHE_SLOTS says how many there are"}
    assert made.taken.slots == 4, "who waits takes nothing"


def test_memory_is_a_limit_too() -> None:
    made = room()
    made.take(Claim(1, 1, 900 * MB))
    refusal = made.admit(Claim(1, 1, 128 * MB))
    assert refusal is not None
    assert (refusal.lacking, refusal.message) == (
        "memory", "waits for 128 MB of memory: 900 MB of 1000 MB are in use")


def test_nobody_overtakes_on_the_machine() -> None:
    """A run of three slots waits; one of a single slot behind it would fit, and waits as well."""
    made = room()
    made.take(Claim(1, 2, MB))
    large, small = made.admit(Claim(1, 3, MB)), made.admit(Claim(2, 1, MB))
    assert large is not None and small is not None
    assert (large.position, small.position) == (1, 2)
    assert (large.lacking, small.lacking) == ("slots", "slots")


@pytest.mark.parametrize(("share", "lacking"), [
    (Share(runs=1), "runs"), (Share(slots=1), "slots"), (Share(memory=150 * MB), "memory")])
def test_a_quota_holds_back_its_project_only(share: Share, lacking: str) -> None:
    made = room(p1=share)
    assert made.admit(Claim(1, 1, 100 * MB)) is None
    refusal = made.admit(Claim(1, 1, 100 * MB))
    assert refusal is not None and refusal.lacking == lacking
    assert "its project uses" in refusal.message and "porsche quota" in refusal.hint
    assert made.admit(Claim(2, 1, 100 * MB)) is None


@pytest.mark.parametrize(("claim", "quota", "message"), [
    (Claim(1, 5, MB), None, "it needs 5 slots, but the machine has 4"),
    (Claim(1, 1, 1001 * MB), None, "it needs 1001 MB of memory, but the machine has 1000 MB"),
    (Claim(1, 2, MB), Share(slots=1), "it needs 2 slots, but its project may have 1"),
    (Claim(1, 1, MB), Share(runs=0), "it needs 1 run, but its project may have 0"),
    (Claim(1, 1, 200 * MB), Share(memory=100 * MB), "it needs 200 MB of memory, but its project may have 100 MB"),
    (Claim(1, 4, 1000 * MB), Share(runs=1, slots=4, memory=1000 * MB), None),
])
def test_what_can_never_fit(claim: Claim, quota: Share | None, message: str | None) -> None:
    found = never_fits(claim, Share(None, MACHINE.slots, MACHINE.memory), quota)
    assert (found and found.message) == message


def test_what_can_never_fit_holds_back_nobody() -> None:
    made = room()
    refusal = made.admit(Claim(1, 9, MB))
    assert refusal is not None and not refusal.ever
    assert made.admit(Claim(1, 4, MB)) is None
