"""Training runs by API: their curves, and what they made."""

import uuid
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cairn.runs import artifacts
from cairn.runs.models import RunArtifact
from cairn.runs.training_views import access_training, curves_of, download


class TryOut(serializers.Serializer[Any]):
    """Points of one lease. ``lost``: logged after the checkpoint that the next one went on from.

    ``since``: the seconds of training before it.
    """

    lost = serializers.BooleanField()
    since = serializers.FloatField()
    x = serializers.ListField(child=serializers.FloatField())
    y = serializers.ListField(child=serializers.FloatField(allow_null=True))

    def get_fields(self) -> dict[str, Any]:
        """``try`` is a word of Python's, so it cannot be written above."""
        return {"try": serializers.IntegerField(), **super().get_fields()}


class CurveOut(serializers.Serializer[Any]):
    """One curve; ``count`` points were logged, of which these are a selection."""

    tries = TryOut(many=True)
    count = serializers.IntegerField()


class CurvesOut(serializers.Serializer[Any]):
    """Curves by name, and the newest event that they know of."""

    curves = serializers.DictField(child=CurveOut())
    last = serializers.IntegerField()


class ArtifactOut(serializers.ModelSerializer[RunArtifact]):
    """A file that a run made. ``digest`` is the SHA-256 of its bytes."""

    digest = serializers.CharField(source="file_id")
    size = serializers.IntegerField(source="file.size")

    class Meta:
        model = RunArtifact
        fields = ("name", "role", "digest", "size", "media_type", "step", "at")
        read_only_fields = fields


class CurvesView(APIView):
    """The curves of a training run."""

    @extend_schema(
        responses=CurvesOut,
        operation_id="run_curves",
        parameters=[
            OpenApiParameter("names", str, description="Curves, separated by commas; none: all."),
            OpenApiParameter("points", int, default=1000, description="At most so many of each curve."),
            OpenApiParameter("axis", str, enum=["step", "seconds"], default="step"),
            OpenApiParameter("from", float, description="Where the window begins, in the axis's unit."),
            OpenApiParameter("to", float, description="Where it ends."),
        ],
    )
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """Lowest and highest value of each bucket; every point where fewer were logged than asked for."""
        return Response(curves_of(access_training(request.user, run_id), request.query_params))


class ArtifactsView(APIView):
    """What a training run made."""

    @extend_schema(responses=ArtifactOut(many=True), operation_id="run_artifacts")
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """All artifacts by name, the newest first."""
        rows = artifacts.listed(access_training(request.user, run_id))
        return Response(ArtifactOut(rows, many=True).data)


class ArtifactView(APIView):
    """One artifact."""

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, operation_id="run_artifact"
    )
    def get(self, request: Request, run_id: uuid.UUID, name: str) -> HttpResponseBase:
        """The bytes of the newest artifact of that name."""
        return download(artifacts.named(access_training(request.user, run_id), name))


urlpatterns = [
    path("runs/<uuid:run_id>/curves", CurvesView.as_view(), name="api-run-curves"),
    path("runs/<uuid:run_id>/artifacts", ArtifactsView.as_view(), name="api-run-artifacts"),
    path("runs/<uuid:run_id>/artifacts/<path:name>", ArtifactView.as_view(), name="api-run-artifact"),
]
