"""Parts of `porsche up`: ports, addresses, pauses between the starts of a child."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from engine.errors import UserError
from porsche.up import FIRST_PAUSE, LONGEST_PAUSE, STEADY, Child, ending, open_socket, url_of
from tests.platform.running import ROOT, porsche


def test_the_next_free_port_is_taken() -> None:
    with open_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with open_socket("127.0.0.1", port) as second:
            assert second.getsockname()[1] != port
            with socket.create_connection(second.getsockname(), timeout=5):
                pass


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(UserError, match=r"cannot listen at 192\.0\.2\.1") as error:
        open_socket("192.0.2.1", 8000)
    assert error.value.code == "no_port"


@pytest.mark.parametrize(("host", "url"), [
    ("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::", "http://[::1]:80"),
    ("::1", "http://[::1]:80"), ("example.org", "http://example.org:80"),
])
def test_where_a_browser_reaches_it(host: str, url: str) -> None:
    assert url_of(host, 80) == url


def died(child: Child, began: float, now: float) -> int | None:
    child.process, child.began = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]), began
    child.process.wait()
    return child.died(now)


def test_a_child_that_dies_again_and_again_waits_longer() -> None:
    child, pauses = Child("web"), []
    for i in range(9):
        assert died(child, 100.0 * i, 100.0 * i + 1) == 3
        assert child.due == 100.0 * i + 1 + child.pause
        pauses.append(child.pause)
    assert pauses == [FIRST_PAUSE, 1, 2, *[LONGEST_PAUSE] * 6]
    assert died(child, 0.0, STEADY + 1) == 3
    assert child.pause == FIRST_PAUSE
    assert child.died(0.0) is None, "it is not there"


def test_how_it_ended() -> None:
    assert (ending(0), ending(1), ending(-9), ending(-15)) == ("status 0", "status 1", "SIGKILL", "SIGTERM")


def test_other_addresses_than_loopback_come_with_a_warning() -> None:
    told = porsche("up", "--help").stdout
    assert "without TLS" in " ".join(told.split()) and "PORSCHE_HOSTS" in told


def test_make_stop_needs_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """In a clone that was never set up."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (folder / "frontend").mkdir()
    (folder / "engine").mkdir()
    command = ["make", "--no-print-directory", "stop"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "nothing is running\n"
