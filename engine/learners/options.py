"""The options of a learner, written in SQL as one literal: FTRL(label, features, 'alpha=0.1, publish_every=500')."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import UserError


@dataclass(frozen=True)
class Setting:
    """One option: its default, the range it must lie in (both ends allowed), and what it means."""

    default: float
    low: float
    high: float
    meaning: str
    whole: bool = False


COMMON = {
    "bits": Setting(18, 4, 26, "the table has 2^bits slots; feature indices are taken modulo that", whole=True),
    "publish_every": Setting(1000, 1, 10**9, "samples between two versions of the model", whole=True),
    "shards": Setting(1, 1, 64, "parts of the model that learn in parallel and are merged again and again", whole=True),
}
KINDS: Mapping[str, Mapping[str, Setting]] = {
    "ftrl": {
        "alpha": Setting(0.05, 1e-6, 100, "learning rate"),
        "beta": Setting(1, 0, 1e6, "how long the learning rate stays near alpha"),
        "l1": Setting(0, 0, 1e6, "L1 penalty: weights of rare features stay zero"),
        "l2": Setting(0, 0, 1e6, "L2 penalty"),
    },
    "gaussian": {
        "variance": Setting(0.05, 1e-6, 100, "prior variance of each weight: how fast it may move"),
        "drift": Setting(0, 0, 1, "variance added each time a weight is learnt: how fast the past is forgotten"),
    },
}
MERGEABLE = frozenset({"gaussian"})


@dataclass(frozen=True)
class LearnerOptions:
    """Checked options. `values` are the kind's own settings by name, in the order of `KINDS`; `name` is the model's, or
    empty: it is then named after the column that holds it; `shards`: see `engine.learners.sharded`."""

    kind: str
    bits: int
    publish_every: int
    values: Mapping[str, float]
    name: str = ""
    shards: int = 1

    @property
    def slots(self) -> int:
        return 1 << self.bits

    def as_json(self) -> dict[str, object]:
        return {"kind": self.kind, "bits": self.bits, "publish_every": self.publish_every,
                "values": dict(self.values), "name": self.name, "shards": self.shards}

    @classmethod
    def from_json(cls, facts: Mapping[str, object]) -> LearnerOptions:
        """The inverse of `as_json`."""
        values = facts["values"]
        assert isinstance(values, Mapping)
        return cls(str(facts["kind"]), int(str(facts["bits"])), int(str(facts["publish_every"])), dict(values),
                   str(facts["name"]), int(str(facts["shards"])))


def parse_options(kind: str, text: str = "") -> LearnerOptions:
    """Read 'option=value, option=value'; what is not given has its default. UserError `learner_option` if wrong."""
    known = {**COMMON, **KINDS[kind]}
    given: dict[str, float] = {}
    model = ""
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, value = (p.strip() for p in part.partition("="))
        name = name.lower()
        if not equals:
            raise UserError("learner_option", f"'{part}' is not an option of {kind.upper()}: expected name=value")
        if name not in known and name != "name":
            raise _unknown(kind, name, known)
        if name in given or (name == "name" and model):
            raise UserError("learner_option", f"option '{name}' of {kind.upper()} is given twice")
        if name == "name":
            model = value
        else:
            given[name] = _number(kind, name, value, known[name])
    full = {name: given.get(name, setting.default) for name, setting in known.items()}
    bits, publish_every, shards = (int(full.pop(name)) for name in COMMON)
    if shards > 1 and kind not in MERGEABLE:
        raise UserError("not_mergeable", f"a model of {kind.upper()} has one owner: it cannot learn in {shards} shards",
                        hint=f"leave out 'shards', or take {' or '.join(sorted(MERGEABLE)).upper()}")
    return LearnerOptions(kind, bits, publish_every, full, model, shards)


def _unknown(kind: str, name: str, known: Mapping[str, Setting]) -> UserError:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean '{near[0]}'?" if near else f"options: name, {', '.join(known)}"
    return UserError("learner_option", f"{kind.upper()} has no option '{name}'", hint=hint)


def _number(kind: str, name: str, text: str, setting: Setting) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not setting.low <= value <= setting.high or (setting.whole and value != int(value)):
        what = "a whole number" if setting.whole else "a number"
        raise UserError("learner_option", f"option '{name}' of {kind.upper()} must be {what} from {setting.low:g} "
                        f"to {setting.high:g}, not '{text}'", hint=setting.meaning)
    return value
