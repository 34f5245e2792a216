"""What pipelines have learnt: `porsche models | predict`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from engine.errors import UserError
from porsche.cli.client import part
from porsche.cli.options import complete_model, on_platform
from porsche.cli.output import Output, ago, clean, facts, figure, lasting, number, table

if TYPE_CHECKING:
    from porsche.cli.client import Api

AT_ONCE = 500
"""Rows of one request."""
TEXTS = ("CHAR", "VARCHAR", "STRING", "DATE", "TIME", "TIMESTAMP")
Rows = list[dict[str, Any]]
project_option = click.option("--project", metavar="SLUG", help="Where several projects have the name.")
run_option = click.option("--run", type=click.IntRange(1), help="Of this run, not of the newest that has a version.")


@click.command()
@click.argument("name", metavar="[MODEL]", required=False, shell_complete=complete_model)
@click.option("--versions", is_flag=True, help="Its versions, oldest first.")
@click.option("--weights", is_flag=True, help="The weights farthest from 0.")
@click.option("--version", type=click.IntRange(1), help="Of this version, not the newest: --weights.")
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=30, show_default=True,
              help="So many versions or weights at most.")
@project_option
@run_option
@on_platform
def models(api: Api, out: Output, name: str | None, versions: bool, weights: bool, version: int | None, limit: int,
           **which: Any) -> None:
    """List models; or show one, named PIPELINE.NODE, with what predictions may be given.

    \b
    porsche models
    porsche models shop.ctr_model --versions
    porsche models shop.ctr_model --weights -n 20
    """
    if name is None:
        if versions or weights or version:
            raise click.UsageError("name the model whose versions or weights are asked for")
        found = list(api.all("models", **which))
        out.answer(found, lambda: table(("MODEL", "PROJECT", "RUN", *VERSION_COLUMNS), [
            [model["name"], model["project"], model["run"], *_version_cells(model["version"])] for model in found]))
        return
    place = _place(name)
    if versions:
        listed = api.get(f"{place}/versions", limit=limit, **which)["versions"]
        out.answer(listed, lambda: table(VERSION_COLUMNS, map(_version_cells, listed)))
    elif weights:
        newest = version or api.get(place, **which)["version"]["version"]
        heaviest = api.get(f"{place}/versions/{newest}/weights", limit=limit, **which)["weights"]
        out.answer(heaviest, lambda: table(("FEATURE", "VALUE", "WEIGHT", "DEVIATION"), [
            [w["feature"], w["value"], figure(w["weight"]), figure(w["deviation"])] for w in heaviest]))
    else:
        model = api.get(place, **which)
        out.answer(model, lambda: _show(model))


def _place(name: str) -> str:
    """A model's path. What has a slash, or is nothing but dots, is the name of none."""
    if "/" in name or not name.strip("."):
        raise UserError("no_model", f"there is no model '{name}'", hint="models are named PIPELINE.NODE")
    return f"models/{part(name)}"


VERSION_COLUMNS = ("VERSION", "PUBLISHED", "SAMPLES", "AUC", "LOGLOSS", "CALIBRATION")


def _version_cells(version: Mapping[str, Any] | None) -> list[object]:
    facts = version or {}
    at = ago(facts.get("published_at"))
    return [facts.get("version"), at and f"{at} ago", number(facts.get("samples")), figure(facts.get("auc")),
            figure(facts.get("logloss")), figure(facts.get("calibration"))]


def _show(model: Mapping[str, Any]) -> None:
    click.echo(clean(f"{model['project']}/{model['name']}, of run {model['run']}"))
    facts({"learner": model["learner"], **dict(zip(map(str.lower, VERSION_COLUMNS), _version_cells(model["version"])))})
    if model["inputs"]:
        click.echo()
        table(("INPUT", "TYPE", "USED", "LOOKED UP BY", "IN"), [
            [i["name"], i["type"], "yes" if i["used"] else "no", i["entity"], i["kept_by"]] for i in model["inputs"]])


@click.command()
@click.argument("name", metavar="MODEL", shell_complete=complete_model)
@click.option("--row", "texts", multiple=True, metavar="JSON", help="An object of inputs; may be given several times.")
@click.option("--key", "keys", multiple=True, metavar="NAME=VALUE",
              help="An input of one row, such as the key of an entity whose features are looked up.")
@click.option("--file", type=click.File(encoding="utf-8"), help="Objects of inputs, one a line; -: standard input.")
@click.option("--version", type=click.IntRange(1), help="The model's version; the newest, if left out.")
@project_option
@run_option
@on_platform
def predict(api: Api, out: Output, name: str, texts: tuple[str, ...], keys: tuple[str, ...], file: Any,
            version: int | None, **which: Any) -> None:
    """Predict, with inputs or the keys of entities whose features the pipeline keeps.

    \b
    porsche predict shop.ctr_model --key user_id=7 --key item_id=12
    porsche predict shop.ctr_model --row '{"user_id": 7, "item_id": 12, "hour_of_day": 20}'
    porsche predict shop.ctr_model --file rows.jsonl --json | jq '.predictions[].p'
    """
    place = _place(name)
    rows = [_object(text, "--row") for text in texts]
    if keys:
        rows.append(_typed(keys, {i["name"]: i["type"] for i in api.get(place, **which)["inputs"]}))
    if file is not None:
        rows += [_object(line, f"--file, line {n}") for n, line in enumerate(file, 1) if line.strip()]
    if not rows:
        raise click.UsageError("give --row, --key or --file")
    answer = _predicted(api, out, f"{place}/predict", rows, version, which)
    out.answer(answer, lambda: _show_predictions(answer))


def _predicted(api: Api, out: Output, path: str, rows: Rows, version: int | None,
               which: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for all rows, by one version."""
    answer: dict[str, Any] = {}
    with out.bar(path.split("/")[1]) as bar:
        for begin in range(0, len(rows), AT_ONCE):
            pinned = version or answer.get("version")
            body = {"rows": rows[begin:begin + AT_ONCE], **({"version": pinned} if pinned else {})}
            made = api.post(path, body, **which)
            answer = {**made, "predictions": [*answer.get("predictions", ()), *made["predictions"]]}
            bar(len(answer["predictions"]) / len(rows), f"{len(answer['predictions']):,} rows")
    return answer


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UserError("bad_row", f"{where}: this is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise UserError("bad_row", f"{where}: a row is an object", hint='such as {"user_id": 7}')
    return value


def _typed(keys: Iterable[str], types: Mapping[str, str]) -> dict[str, Any]:
    """NAME=VALUE as the inputs' types have it: text is text, even where it looks like a number."""
    row: dict[str, Any] = {}
    for key in keys:
        name, equals, text = key.partition("=")
        if not equals:
            raise UserError("bad_key", f"--key {key}: a key is given as NAME=VALUE")
        row[name] = text if types.get(name, "").upper().startswith(TEXTS) else _value(text)
    return row


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _show_predictions(answer: Mapping[str, Any]) -> None:
    at = ago(answer["published_at"])
    print(clean(f"{answer['model']} version {answer['version']}" + (f", published {at} ago" if at else "")),
          file=sys.stderr)
    table(("P", "FEATURES BEHIND", "MISSING"), [
        [f"{p['p']:.6f}", lasting(p["freshness_seconds"]), ", ".join(p["missing"])] for p in answer["predictions"]])


COMMANDS = (models, predict)
