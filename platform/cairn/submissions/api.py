"""Handing in by API, and reading what came of it."""

import uuid
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cairn.runs.views import person
from cairn.submissions import limits, queries, training
from cairn.submissions.delivery import KEPT, MAX_TOTAL_CHARS, TooLarge
from cairn.submissions.models import Submission, Work

MAX_BODY = 8 * MAX_TOTAL_CHARS  # JSON may write one character as six


@extend_schema_field({"type": "string"})
class Text(serializers.Field[str, str, str, Any]):
    """A string as it is: nothing trimmed, nothing converted."""

    default_error_messages = {"not_text": "The content of a file is a string."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_text")
        return str(data)

    def to_representation(self, value: str) -> str:
        return value


class SubmissionIn(serializers.Serializer[Any]):
    """Files for one exercise, or for one project."""

    exercise = serializers.SlugField(required=False)
    project = serializers.SlugField(required=False)
    files = serializers.DictField(child=Text())

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of ``exercise`` and ``project``."""
        if ("exercise" in attrs) == ("project" in attrs):
            raise serializers.ValidationError("Name either an exercise or a project.")
        return attrs


class TestOut(serializers.Serializer[Any]):
    """One test's outcome."""

    __test__ = False

    name = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()
    message = serializers.CharField()
    seconds = serializers.FloatField()


class VerdictOut(serializers.Serializer[Any]):
    """How a submission was graded. ``status`` is one of the eight verdicts, ``score`` from 0 to 1."""

    exercise = serializers.CharField(required=False)
    project = serializers.CharField(required=False)
    status = serializers.CharField()
    score = serializers.FloatField()
    tests = TestOut(many=True)
    metrics = serializers.DictField(child=serializers.FloatField())
    message = serializers.CharField()
    output = serializers.CharField()
    wall_seconds = serializers.FloatField()
    cpu_seconds = serializers.FloatField()
    peak_bytes = serializers.IntegerField()
    content_hash = serializers.CharField()


class SubmissionOut(serializers.Serializer[Any]):
    """A submission. ``verdict`` is null until its run has ended."""

    id = serializers.UUIDField()
    exercise = serializers.CharField(required=False)
    project = serializers.CharField(required=False)
    run = serializers.UUIDField()
    state = serializers.CharField()
    content_hash = serializers.CharField()
    created_at = serializers.DateTimeField()
    verdict = VerdictOut(allow_null=True)


def shown(submission: Submission) -> dict[str, Any]:
    """A submission as the API answers it."""
    return {
        "id": submission.pk,
        submission.work: submission.slug,
        "run": submission.run_id,
        "state": submission.run.state,
        "content_hash": submission.content_hash,
        "created_at": submission.created_at,
        "verdict": verdict(submission),
    }


def verdict(submission: Submission) -> dict[str, Any] | None:
    """The verdict in the form that commands print too; None until the run has ended."""
    report = submission.run.report
    if report is None:
        return None
    tests = [
        {key: test[key] for key in ("name", "title", "status", "message", "seconds")}
        for test in report["tests"]
    ]
    kept = ("status", "score", "message", "output", "wall_seconds", "cpu_seconds", "peak_bytes")
    return {
        submission.work: submission.slug,
        **{key: report[key] for key in kept},
        "tests": tests,
        "metrics": {name: value for name, value in report["metrics"].items() if value is not None},
        "content_hash": submission.content_hash,
    }


class SubmissionsView(APIView):
    """Submissions."""

    @extend_schema(request=SubmissionIn, responses={201: SubmissionOut}, operation_id="submit")
    def post(self, request: Request) -> Response:
        """Hand files in for grading. The same files on the same content give back the earlier submission."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
            raise TooLarge(f"This message is larger than the files of any work may be. {KEPT}")
        given = SubmissionIn(data=request.data)
        given.is_valid(raise_exception=True)
        limits.check_submit(request)
        asked = given.validated_data
        work = Work.EXERCISE if "exercise" in asked else Work.PROJECT
        submission = training.hand_in(person(request), work, asked[work], asked["files"])
        return Response(shown(submission), status=201)


class SubmissionView(APIView):
    """One submission."""

    @extend_schema(responses=SubmissionOut, operation_id="submission")
    def get(self, request: Request, submission_id: uuid.UUID) -> Response:
        """Its state, and its verdict once there is one."""
        return Response(shown(queries.access_submission(request.user, submission_id)))


urlpatterns = [
    path("submissions", SubmissionsView.as_view(), name="api-submissions"),
    path("submissions/<uuid:submission_id>", SubmissionView.as_view(), name="api-submission"),
]
