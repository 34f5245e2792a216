"""FEATURES, FEATURE_CROSS and PREDICT: the scalar side of learning; `engine.learners` does the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.changes import Column
from engine.errors import UserError
from engine.expressions.functions.base import Arguments, Constant, Context, Function
from engine.expressions.functions.signatures import PARAMETERS, accept, bad_arguments, constant_of
from engine.types import ARRAY, BIGINT, DOUBLE, FLOAT, INT, ROW, STRING, DataType, Kind, is_nullable

FEATURES_TYPE = ROW(("index", ARRAY(INT)), ("value", ARRAY(FLOAT)))
_MODEL_TYPE = ROW(("model", STRING), ("version", BIGINT))


def _infer_features(arguments: Arguments) -> DataType:
    from engine.learners.features import MOST_BITS, check_feature

    bits, count = constant_of(arguments, 0), len(arguments.values)
    if not isinstance(bits, int) or not 1 <= bits <= MOST_BITS:
        raise bad_arguments(arguments, f"the first argument is the number of hash bits, a constant up to {MOST_BITS}")
    if count < 3 or count % 2 == 0:
        raise bad_arguments(arguments, "it takes bits, then names with values")
    for i in range(1, count, 2):
        name = constant_of(arguments, i)
        if not isinstance(name, str):
            raise bad_arguments(arguments, f"argument {i + 1} is a feature's name, a constant string")
        check_feature(name, arguments.types[i + 1])
    return FEATURES_TYPE.as_nullable(False)


def _features(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.learners.features import hash_features

    constants = [a.scalar for a in args if isinstance(a, Constant)]
    names = [str(a.scalar) for a in args[1::2] if isinstance(a, Constant)]
    assert isinstance(constants[0], int)
    columns = args[2::2]
    vectors = hash_features(constants[0], names, columns, length).with_type(type)
    store: Any = context.resources.get("models")
    if store is not None:
        store.feature_names.sample(constants[0], names, columns, length)
    return vectors


def _infer_cross(arguments: Arguments) -> DataType:
    from engine.learners.features import check_feature

    if len(arguments.values) < 2:
        raise bad_arguments(arguments, "it takes at least 2 arguments")
    for i, type in enumerate(arguments.types):
        check_feature(f"argument {i + 1}", type)
    return BIGINT.as_nullable(is_nullable(*arguments.types))


def _cross(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.learners.features import feature_cross

    return feature_cross(args, length).with_type(type)


def _infer_predict(arguments: Arguments) -> DataType:
    """PREDICT(name, version, features), or PREDICT(row of a learner, features)."""
    types = arguments.types
    if len(types) == 3:
        accept(arguments, 0, PARAMETERS["string"])
        accept(arguments, 1, PARAMETERS["bigint"])
        if types[1].is_integer:
            arguments.coercions[1] = BIGINT
    elif len(types) != 2 or types[0].kind is not Kind.ROW or len(types[0].fields) < 2:
        raise bad_arguments(arguments, "it takes a model's name, version and features, or a model's row and features")
    features = types[-1]
    if features.kind is not Kind.ROW or [f.type.kind for f in features.fields] != [Kind.ARRAY, Kind.ARRAY]:
        raise bad_arguments(arguments, "the last argument is a feature vector, as FEATURES makes it")
    return DOUBLE


def _predict(args: Sequence[Column], type: DataType, length: int, context: Context) -> Column:
    from engine.learners.predict import predict_column
    from engine.learners.store import ModelStore

    store = context.resources.get("models")
    if not isinstance(store, ModelStore):
        raise UserError("unknown_model", "this job has no model store", hint="set a folder for models")
    model = args[0]
    if len(args) == 3:
        model = Column(_MODEL_TYPE, np.zeros(length, np.int8), None, (), (args[0], args[1]))
    return predict_column(model, args[-1], store).with_type(type)


FUNCTIONS: dict[str, Function] = {
    "FEATURES": Function(_infer_features, _features, strict=False, folds=False),
    "FEATURE_CROSS": Function(_infer_cross, _cross),
    "PREDICT": Function(_infer_predict, _predict, strict=False, folds=False, fallible=True),
}
