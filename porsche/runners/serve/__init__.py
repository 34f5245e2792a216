"""Predictions on request, by the features and the model of a pipeline that runs.

    serving = Serving(compiled, "model", state)          # state: the folder of the run that trains it
    serving.inputs                                       # what a request may give
    answer = serving.predict([{"user_id": 7, "device": "ios"}])
    answer.predictions[0].p

Features are computed by the pipeline's own SQL: its row by row part in front of the feature vector, from the last
stateful node on. What that node computes (counts, sums, looked-up columns) comes with the request or from the
pipeline's feature tables, which keep each entity's newest.
"""

from __future__ import annotations

from porsche.runners.serve.answers import Answer, Input, Prediction, Serving

__all__ = ["Answer", "Input", "Prediction", "Serving"]
