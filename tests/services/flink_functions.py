"""Our functions with their signatures for Flink's planner. Flink's Python, not ours, imports this file:
`flink_functions.NAME`.

They only plan: running them there would need their meaning, too.
"""

from __future__ import annotations

from pyflink.table import AggregateFunction, DataTypes
from pyflink.table.udf import udaf, udf

FEATURES_TYPE = DataTypes.ROW([DataTypes.FIELD("index", DataTypes.ARRAY(DataTypes.INT())),
                               DataTypes.FIELD("value", DataTypes.ARRAY(DataTypes.FLOAT()))])
MODEL_TYPE = DataTypes.ROW([DataTypes.FIELD("model", DataTypes.STRING()),
                            DataTypes.FIELD("version", DataTypes.BIGINT()),
                            DataTypes.FIELD("samples", DataTypes.BIGINT()),
                            DataTypes.FIELD("logloss", DataTypes.DOUBLE()),
                            DataTypes.FIELD("auc", DataTypes.DOUBLE())])


class Planned(AggregateFunction):
    """An aggregate that Flink can plan with."""

    def create_accumulator(self):
        return [0]

    def accumulate(self, accumulator, *values):
        raise RuntimeError("only planned, never run")

    def retract(self, accumulator, *values):
        raise RuntimeError("only planned, never run")

    def get_value(self, accumulator):
        return None


def _aggregate(result_type):
    return udaf(Planned(), result_type=result_type, accumulator_type=DataTypes.ARRAY(DataTypes.BIGINT()))


def _scalar(result_type):
    def planned(*values):
        raise RuntimeError("only planned, never run")

    return udf(planned, result_type=result_type)


ftrl = _aggregate(MODEL_TYPE)
gaussian = _aggregate(MODEL_TYPE)
auc = _aggregate(DataTypes.DOUBLE())
logloss = _aggregate(DataTypes.DOUBLE())
features = _scalar(FEATURES_TYPE)
feature_cross = _scalar(DataTypes.BIGINT())
predict = _scalar(DataTypes.DOUBLE())
