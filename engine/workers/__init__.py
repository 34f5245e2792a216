"""Users' Python code in processes of its own: what crashes, hangs or leaks there is ended and started again, and the
job goes on.

    workers = Workers(folders, Limits(timeout=60, memory=2 << 30))     # a Host; starts a process when it is first asked
    workers.close()

A worker is `python -m engine.workers` in a session of its own, with an environment without secrets, joined by a pair of
sockets: frames of JSON and Arrow batches, never pickle. It holds no state: that of aggregates travels with each call.
It cannot outlive its job: a pipe that the job holds open is a leash, at whose end the kernel kills the worker's group.
"""

from engine.workers.hosts import Workers
from engine.workers.pool import Busy, Pool
from engine.workers.process import Limits, Lost, Process

__all__ = ["Busy", "Limits", "Lost", "Pool", "Process", "Workers"]
