"""Tests that are saved with a pipeline, in this process: `porsche test`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from porsche.cli.documents import diagnosed, pairs, read
from porsche.compiler import environment


@click.command(name="test")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--test", "names", multiple=True, metavar="NAME", help="Run this one only; may be given several times.")
@click.option("--set", "parameters", multiple=True, metavar="NAME=VALUE",
              help="The value of a parameter of the document; a test's own count more.")
@click.option("--environment", "where", default="dev", metavar="NAME", show_default=True,
              help="What tables physically are: dev, flink, or a YAML file.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write them for a CI system, too.")
def test(file: Path, names: tuple[str, ...], parameters: tuple[str, ...], where: str, as_json: bool,
         junit: Path | None) -> None:
    """Run the tests that are saved with a pipeline.

    Sources give the rows of the test, nothing is written, and what nodes gave is compared with what was expected. The
    exit status is 1 where a test failed.
    """
    from porsche.runners.secrets import variables
    from porsche.runners.testing.junit import report
    from porsche.runners.testing.running import Order, Result, cases, run

    text = read(file)
    secrets = {name: os.environ[name] for name in variables(text) if name in os.environ}
    order = Order(text, pairs(parameters), environment(where), None, secrets)
    with diagnosed(file):
        chosen = cases(text, names)
    results: list[Result] = []
    for case in chosen:
        results.append(run(order, case))
        if not as_json:
            _show(results[-1])
    if junit is not None:
        junit.write_text(report(str(file), results), encoding="utf-8")
    failed = sum(not result.passed for result in results)
    if as_json:
        click.echo(json.dumps({"passed": len(results) - failed, "failed": failed,
                               "tests": [result.as_json() for result in results]}, ensure_ascii=False))
    else:
        click.echo(f"{file}: {len(results) - failed} passed, {failed} failed" if results else f"{file} has no tests")
    sys.exit(1 if failed else 0)


def _show(result: object) -> None:
    """One result, with what is wrong."""
    from porsche.runners.testing.junit import lines
    from porsche.runners.testing.running import Result

    assert isinstance(result, Result)
    click.echo(f"{'passed' if result.passed else 'FAILED'}  {result.name}  ({result.seconds:.1f} s)")
    if not result.passed:
        for line in lines(result):
            click.echo(f"  {line}")


COMMANDS = (test,)
