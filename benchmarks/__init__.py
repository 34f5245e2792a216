"""Benchmarks: `python -m benchmarks NAME [--quick] --json`. What was measured is in docs/benchmarks.md."""
