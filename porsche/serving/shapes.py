"""What the models' part of the API takes and answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers as s

from porsche.ide.api.shapes import Anything


class ModelVersion(s.Serializer[Any]):
    """A version: metrics of all samples so far, predicted before they were learnt, and those of its window: the samples
    since the version before it in the list."""

    version = s.IntegerField()
    published_at = s.FloatField(allow_null=True, help_text="unix seconds")
    samples = s.IntegerField(allow_null=True)
    positives = s.IntegerField(allow_null=True)
    logloss = s.FloatField(allow_null=True)
    auc = s.FloatField(allow_null=True)
    calibration = s.FloatField(allow_null=True, help_text="predicted over actual positives: 1 is right")
    calibration_error = s.FloatField(allow_null=True, help_text="expected calibration error over 20 bins")
    window_samples = s.IntegerField(allow_null=True)
    window_positives = s.IntegerField(allow_null=True)
    window_logloss = s.FloatField(allow_null=True)
    window_auc = s.FloatField(allow_null=True)


class ModelVersionDetail(ModelVersion):
    """A version with its calibration curve and the learner's options."""

    reliability = s.ListField(
        child=s.ListField(child=s.FloatField(), min_length=3, max_length=3), allow_null=True,
        help_text="for each of 20 bins of predicted probability: samples, sum of the probabilities, positives")
    options = Anything(allow_null=True)


class ModelPipeline(s.Serializer[Any]):
    id = s.IntegerField()
    slug = s.CharField()
    project = s.CharField()


class Model(s.Serializer[Any]):
    """A model, under the name `<pipeline>.<node>`; `run`: whose versions it has."""

    name = s.CharField()
    project = s.CharField()
    pipeline = ModelPipeline()
    node = s.CharField()
    run = s.IntegerField()
    learner = s.CharField(allow_null=True)
    version = ModelVersion(allow_null=True)


class ModelInput(s.Serializer[Any]):
    """An input of requests. `used`: features are computed of it; `kept_by`: the feature table that has it, so that it
    may be left out where `entity` is given."""

    name = s.CharField()
    type = s.CharField()
    used = s.BooleanField()
    kept_by = s.CharField(allow_null=True)
    entity = s.CharField(allow_null=True)


class ModelDetail(Model):
    """A model with what requests may give; none where its pipeline has no path from columns to it."""

    inputs = ModelInput(many=True)


class ModelVersions(s.Serializer[Any]):
    versions = ModelVersion(many=True)


class Weight(s.Serializer[Any]):
    """`feature` and `value` are null where they were not among the samples that names are taken from; a number's
    feature has no value."""

    feature = s.CharField(allow_null=True)
    value = s.CharField(allow_null=True)
    slot = s.IntegerField()
    weight = s.FloatField()
    deviation = s.FloatField(allow_null=True)


class Weights(s.Serializer[Any]):
    weights = Weight(many=True)


class PredictRequest(s.Serializer[Any]):
    """Rows of inputs, by name. `keys` names the entities whose features are looked up; with both, they go together row
    by row. `version`: the newest one where it is left out."""

    rows = s.ListField(child=s.DictField(), required=False, max_length=1000)
    keys = s.ListField(child=s.DictField(), required=False, max_length=1000)
    version = s.IntegerField(required=False, min_value=1, max_value=2**53)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        rows, keys = attrs.get("rows"), attrs.get("keys")
        if not rows and not keys:
            raise s.ValidationError({"rows": "give `rows`, `keys`, or both"})
        if rows and keys and len(rows) != len(keys):
            raise s.ValidationError({"keys": f"there are {len(keys)} keys and {len(rows)} rows"})
        pairs = zip(keys or [{}] * len(rows or ()), rows or [{}] * len(keys or ()), strict=True)
        return {"rows": [{**key, **row} for key, row in pairs], "version": attrs.get("version")}


class Prediction(s.Serializer[Any]):
    """`p`: the probability; `features_at`: of when, in event time, the oldest of the looked-up features is;
    `freshness_seconds`: how far it is behind the stream; `missing`: inputs neither given nor found."""

    p = s.FloatField()
    features_at = s.DateTimeField(allow_null=True)
    freshness_seconds = s.FloatField(allow_null=True)
    looked_up = s.DictField(child=s.CharField())
    missing = s.ListField(child=s.CharField())


class PredictAnswer(s.Serializer[Any]):
    """Predictions in the order of the rows. `stream_at`: how far the run has come in event time."""

    model = s.CharField()
    run = s.IntegerField()
    version = s.IntegerField()
    published_at = s.FloatField(allow_null=True)
    features_at = s.DateTimeField(allow_null=True)
    stream_at = s.DateTimeField(allow_null=True)
    predictions = Prediction(many=True)


class ModelQuery(s.Serializer[Any]):
    project = s.CharField(required=False, max_length=63, help_text="The project's slug.")
    run = s.IntegerField(required=False, min_value=1, max_value=2**63 - 1,
                         help_text="Of this run, not of the newest that has a version.")


class VersionsQuery(ModelQuery):
    since = s.IntegerField(required=False, default=0, min_value=0, max_value=2**53,
                           help_text="Only versions after this one.")
    limit = s.IntegerField(required=False, default=500, min_value=1, max_value=5000,
                           help_text="At most so many: of neighbours the last, their windows as one.")


class WeightsQuery(ModelQuery):
    limit = s.IntegerField(required=False, default=30, min_value=1, max_value=1000)


