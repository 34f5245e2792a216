"""Worker processes: what they are given and return, and what becomes of those that crash, hang or leak."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import RuntimeFault, UserError
from engine.expressions.functions.user_hosts import Here, Host
from engine.expressions.functions.user_running import Request
from engine.expressions.functions.user_values import argument_of, column_of
from engine.expressions.values import column_from_python, column_to_python
from engine.types import (
    ARRAY,
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DECIMAL,
    DOUBLE,
    FLOAT,
    INT,
    MAP,
    ROW,
    SMALLINT,
    STRING,
    TIME,
    TIMESTAMP,
    TIMESTAMP_LTZ,
    DataType,
)
from engine.workers import Limits, Workers

MODULE = "worker_code"
PATIENCE = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(Path(__file__).with_name("user_code.py"), tmp_path / f"{MODULE}.py")
    return tmp_path


@pytest.fixture
def workers(folder: Path) -> Iterator[Workers]:
    made = Workers([folder], Limits(timeout=20, memory=400 << 20))
    yield made
    made.close()


def call(host: Host, name: str, values: list[Any], type: DataType = BIGINT, result: DataType | None = None,
         suspect: bool = False) -> list[Any]:
    result = result or type
    request = Request(name, f"{MODULE}.{name}", "scalar", len(values), (result,))
    [[array]] = host.run(request, [[argument_of(column_from_python(type, values))]], suspect)
    return column_to_python(column_of(array, result))


def failed(host: Host, name: str, values: list[Any], **options: Any) -> RuntimeFault:
    with pytest.raises(RuntimeFault) as caught:
        call(host, name, values, **options)
    return caught.value


def is_gone(pid: int) -> bool:
    """Whether a process has ended (its remains may wait for whoever started it)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


# ---- values ----------------------------------------------------------------------------------------------------------

VALUES: list[tuple[DataType, list[Any]]] = [
    (BIGINT, [1, -(2**63), 2**63 - 1]), (SMALLINT, [1, None, -5]), (BOOLEAN, [True, False]), (BOOLEAN, [None, True]),
    (DOUBLE, [1.5, float("inf")]), (FLOAT, [0.5, None]), (STRING, ["", "ö", None, "x" * 100_000]),
    (BYTES, [b"\xff\x00", None]), (DECIMAL(10, 2), [Decimal("1.50"), None]), (DECIMAL(38, 3), [Decimal("-9e30")]),
    (DATE, [date(2024, 2, 29), None]), (TIME(3), [clock(1, 2, 3, 4000)]),
    (TIMESTAMP(3), [datetime(2024, 1, 1, 0, 0, 0, 5000), None]), (TIMESTAMP_LTZ(6), [datetime(1969, 1, 1, tzinfo=UTC)]),
    (ARRAY(INT), [[1, None], None, []]), (MAP(STRING, DATE), [{"d": date(2024, 1, 2), "e": None}, None]),
    (ROW(("a", INT), ("b", ARRAY(ROW(("c", STRING))))), [(1, [("x",), (None,)]), None]),
]


@pytest.mark.parametrize("listed", [False, True])
def test_values_come_back_as_they_went(folder: Path, workers: Workers, listed: bool) -> None:
    """As they came, and as the Python values that they stand for."""
    body = "return values.to_pylist() if hasattr(values, 'to_pylist') else list(values)" if listed else "return values"
    (folder / "same.py").write_text(f"def same(values):\n    {body}\nsame.result = 'BIGINT'\n", encoding="utf-8")
    for type, values in VALUES:
        request = Request("same", "same.same", "scalar", len(values), (type,))
        [[array]] = workers.run(request, [[argument_of(column_from_python(type, values))]])
        assert column_to_python(column_of(array, type)) == values, type


CASES: list[tuple[str, DataType, Any]] = [
    ("[1, 2**40]", INT, None), ("[1, 'a']", INT, None), ("[1, 1.5]", INT, None), ("['a', 1]", STRING, None),
    ("[1]", INT, None), ("5", INT, None), ("np.array([1.0, 2.0])", INT, None), ("np.array([1, 2**40])", INT, None),
    ("np.array([1, 2], 'u1')", INT, [1, 2]), ("[np.int8(1), None]", INT, [1, None]), ("(1, 2)", DOUBLE, [1.0, 2.0]),
    ("np.array([[1, 2]] * 2)", INT, None), ("[1.005, '2']", DECIMAL(4, 2), [Decimal("1.01"), Decimal("2.00")]),
    ("[1000, 1]", DECIMAL(4, 2), None), ("['a', b'b']", BYTES, [b"a", b"b"]), ("[(1, 'a'), {'a': 2, 'b': 'c'}]",
     ROW(("a", INT), ("b", STRING)), [(1, "a"), (2, "c")]), ("[(1,), (2,)]", ROW(("a", INT), ("b", STRING)), None),
    ("[{'a': 1}, [('b', 2)]]", MAP(STRING, INT), [{"a": 1}, {"b": 2}]), ("[[1], [1.5]]", ARRAY(INT), None),
    ("[np.str_('a'), None]", STRING, ["a", None]), ("pa.chunked_array([['a'], ['b']])", STRING, ["a", "b"]),
    ("pa.array([1, None])", BIGINT, [1, None]), ("pa.array([1, 2], pa.int8())", INT, [1, 2]),
    ("[date(2024, 1, 1), 1]", DATE, [date(2024, 1, 1), date(1970, 1, 2)]), ("[timedelta(1), 2]", INT, None),
]


def test_what_is_returned_is_judged_alike_here_and_there(folder: Path, workers: Workers) -> None:
    """`None` as expected value: an error, the same in a worker and in a thread."""
    lines = ["import numpy as np, pyarrow as pa", "from datetime import date, timedelta"]
    for i, (text, type, _) in enumerate(CASES):
        lines += [f"def f{i}(values): return {text}", f"f{i}.result = '{type}'"]
    (folder / "cases.py").write_text("\n".join(lines), encoding="utf-8")
    here = Here((folder,))
    for i, (text, type, expected) in enumerate(CASES):
        found = [_outcome(host, Request("f", f"cases.f{i}", "scalar", 2, (type,))) for host in (workers, here)]
        assert found[0] == found[1], text
        assert (found[0] == expected) if expected is not None else str(found[0]).startswith("function f returned"), text


def _outcome(host: Host, request: Request) -> Any:
    try:
        [[array]] = host.run(request, [[np.zeros(2)]])
    except RuntimeFault as fault:
        return fault.message
    return column_to_python(column_of(array, request.results[0]))


# ---- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "said"), [
    ("aborts_at_7", "ended its worker process (signal SIGABRT) at worker_code.py:"),
    ("segfaults", "ended its worker process (signal SIGSEGV) at worker_code.py:"),
    ("leaves", "ended its worker process (exit status 3)"),
])
def test_a_crash_is_an_error_after_a_second_attempt(workers: Workers, name: str, said: str) -> None:
    fault = failed(workers, name, [7])
    assert fault.code == "function_crashed"
    assert fault.message.startswith(f"function {name} {said}")
    [work] = workers.tally.report()
    assert (work["calls"], work["rows"], work["restarts"]) == (1, 1, 2)
    assert call(workers, "twice", [1, 2]) == [2, 4]  # others go on


def test_the_line_of_a_crash(folder: Path, workers: Workers) -> None:
    lines = (folder / f"{MODULE}.py").read_text(encoding="utf-8").splitlines()
    line = 1 + next(i for i, text in enumerate(lines) if "# line 42" in text)
    assert failed(workers, "aborts_at_7", [7]).message.endswith(f" at worker_code.py:{line}")


def test_the_line_of_an_exception_is_the_users(folder: Path, workers: Workers) -> None:
    lines = (folder / f"{MODULE}.py").read_text(encoding="utf-8").splitlines()
    line = 1 + next(i for i, text in enumerate(lines) if "# line 118" in text)
    fault = failed(workers, "fails_below", [1])
    assert fault.code == "user_function"
    assert fault.message.startswith("function fails_below raised ValueError: cannot reshape array")
    assert fault.message.endswith(f" at worker_code.py:{line}")


def test_an_accident_is_made_good(workers: Workers) -> None:
    assert call(workers, "aborts_once", [1, 2]) == [2, 3]
    assert [w["restarts"] for w in workers.tally.report()] == [1]


def test_leaving_python_is_an_exception(workers: Workers) -> None:
    assert failed(workers, "exits", [1]).message.startswith("function exits raised SystemExit: enough at worker_code")
    assert workers.tally.report()[0]["restarts"] == 0


@pytest.mark.parametrize("name", ["sleeps_at_7", "backtracks"])
def test_a_hang_has_an_end(folder: Path, name: str) -> None:
    workers = Workers([folder], Limits(timeout=0.7))
    assert call(workers, "twice", [1]) == [2]
    fault = failed(workers, name, [7])
    workers.close()
    assert fault.code == "function_timeout"
    assert fault.message.startswith(f"function {name} took longer than 0.7 s at worker_code.py:")
    assert "python.fn-execution.timeout" in str(fault.hint)


def test_who_is_suspected_gets_less_time(workers: Workers) -> None:
    assert call(workers, "sleeps_at_7", [1]) == [1]
    fault = failed(workers, "sleeps_at_7", [7], suspect=True)
    said = re.match(r"function sleeps_at_7 took longer than ([0-9.]+) s", fault.message)
    assert said is not None
    assert float(said[1]) < 20
    assert workers.tally.report()[0]["restarts"] == 1  # and no second attempt


def test_what_needs_more_memory_than_it_may(workers: Workers) -> None:
    fault = failed(workers, "devours", [1])
    assert fault.code == "function_memory"
    assert fault.message.startswith("function devours needed more memory than 400 MB")


def test_what_leaks_is_started_again_and_nothing_is_lost(workers: Workers) -> None:
    """40 MB a call: by the tenth or so its process is another one."""
    processes = set()

    def leaked() -> bool:
        processes.update(call(workers, "leaks", [1]))
        return len(processes) > 2

    eventually(leaked)
    [work] = workers.tally.report()
    assert work["restarts"] == len(processes) - 1
    assert work["last"].startswith("left more than 400 MB in its worker process") or "needed more" in work["last"]


@pytest.mark.parametrize(("target", "code", "said"), [
    ("worker_code.none", "unknown_function", "the module worker_code has no 'none'"),
    ("nowhere.f", "unknown_function", "cannot import nowhere"), ("nothing", "unknown_function", "names no object"),
    ("gone.f", "function_crashed", "function f ended its worker process (exit status 9)"),
    ("broken.f", "bad_function", "importing broken raised ZeroDivisionError: division by zero at broken.py:2"),
])
def test_what_cannot_be_loaded(folder: Path, workers: Workers, target: str, code: str, said: str) -> None:
    (folder / "gone.py").write_text("import os\nos._exit(9)\n", encoding="utf-8")
    (folder / "broken.py").write_text("\n1 / 0\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        workers.declared("f", target)
    assert (caught.value.code, said in caught.value.message) == (code, True)


# ---- processes -------------------------------------------------------------------------------------------------------


def test_one_process_for_each_thread_that_calls(workers: Workers) -> None:
    workers.prepare(2)
    found: set[int] = set()

    def some() -> None:
        until = time.monotonic() + PATIENCE
        while len(found) < 2 and time.monotonic() < until:
            found.update(call(workers, "process_of", [1] * 10))

    threads = [threading.Thread(target=some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert os.getpid() not in found


def test_no_secrets_in_the_environment(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "s3cret")
    assert call(workers, "variable", ["DATABASE_PASSWORD", "PATH"], STRING) == [None, os.environ["PATH"]]


def test_closed_processes_are_gone(folder: Path, workers: Workers) -> None:
    [pid] = call(workers, "process_of", [1])
    workers.close()
    assert is_gone(pid)
    assert call(workers, "process_of", [1]) != [pid]  # asked again, it starts again
    forgotten = Workers([folder])
    [pid] = call(forgotten, "process_of", [1])
    del forgotten
    assert is_gone(pid)


def test_nothing_outlives_an_owner_that_is_killed(folder: Path) -> None:
    """Not even what holds on to Python's lock, nor what it has started itself."""
    script = (f"from pathlib import Path\nfrom engine.workers import Workers\n"
              f"from engine.expressions.functions.user_running import Request\nimport numpy as np\n"
              f"from engine.types import BIGINT\n"
              f"Workers([Path({str(folder)!r})]).run(Request('f', '{MODULE}.starts_another_and_hangs', 'scalar', 1, "
              f"(BIGINT,)), [[np.zeros(1, np.int64)]])\n")
    owner = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3])
    place = folder / "place"
    eventually(lambda: place.exists() and len(place.read_text(encoding="ascii").split()) == 2)
    pids = [int(pid) for pid in place.read_text(encoding="ascii").split()]
    assert not any(map(is_gone, pids))
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    eventually(lambda: all(map(is_gone, pids)))


HEAD = """
import os, socket, sys
import numpy as np, pyarrow as pa
from engine.workers.arrays import pack
from engine.workers.channel import Channel
end = int(sys.argv[1])
def f(values):
    for act in acts: act(values)
    return values
f.result, acts = 'STRING', []
places, text = pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(bytes([255, 255]))
crooked = pa.Array.from_buffers(pa.string(), 1, [None, places, text])
"""


@pytest.mark.parametrize(("code", "said"), [
    ("acts += [lambda values: os.write(end, bytes(range(256)))]", "spoke nonsense: a frame of"),
    ("acts += [lambda values: Channel(socket.socket(fileno=os.dup(end))).send([1, {}], pack([[values]]))]",
     "spoke nonsense: no answer to the question"),
    ("sys.modules['__main__'].pack = lambda groups: pack([[pa.array(['a', 'b'])]])", "no array of 1 STRING"),
    ("sys.modules['__main__'].pack = lambda groups: pack([])", "another number of arrays"),
    ("sys.modules['__main__'].pack = lambda groups: [b'no schema', b'no batch']", "spoilt its worker process"),
    ("sys.modules['__main__'].pack = lambda groups: pack([[crooked]])", "spoilt its worker process: Invalid UTF8"),
])
def test_nonsense_is_no_answer(folder: Path, workers: Workers, code: str, said: str) -> None:
    """Code that writes into the pair of sockets, or spoils what the process answers: other arrays than were asked for,
    and bytes that are none."""
    (folder / "odd.py").write_text(HEAD + code, encoding="utf-8")
    with pytest.raises(RuntimeFault) as caught:
        workers.run(Request("f", "odd.f", "scalar", 1, (STRING,)), [[argument_of(column_from_python(STRING, ["a"]))]])
    assert caught.value.code == "function_crashed"
    assert said in caught.value.message
    assert call(workers, "twice", [1]) == [2]
