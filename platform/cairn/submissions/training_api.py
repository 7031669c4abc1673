"""Training runs of a project by API: start one, list one's own."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cairn.accounts.person import person
from cairn.runs import experiments
from cairn.submissions import limits, training
from cairn.submissions.api import Text
from cairn.submissions.training_forms import INPUT, PARAMETER, TrainingForm, with_defaults


class TrainingIn(serializers.Serializer[Any]):
    """What to train. ``files`` left out: the draft, or what was handed in last. ``inputs``: artifact ids."""

    files = serializers.DictField(child=Text(), required=False)
    parameters = serializers.DictField(child=serializers.JSONField(), required=False)
    inputs = serializers.DictField(child=serializers.CharField(), required=False)
    seed = serializers.IntegerField(required=False)
    queue = serializers.CharField(required=False)


class StartedOut(serializers.Serializer[Any]):
    """A run that was started, and the submission that it is the verdict of."""

    run = serializers.UUIDField()
    submission = serializers.UUIDField()


class TrainingRunOut(serializers.Serializer[Any]):
    """A training run in a list. ``seconds`` is how long it kept a device busy."""

    id = serializers.UUIDField(source="run.pk")
    state = serializers.CharField(source="run.state")
    verdict = serializers.CharField(source="run.verdict")
    parameters = serializers.DictField()
    metrics = serializers.DictField(child=serializers.FloatField())
    seconds = serializers.FloatField(allow_null=True)
    tags = serializers.ListField(source="run.tags", child=serializers.CharField())
    created_at = serializers.DateTimeField(source="run.created_at")


class ProjectRunsView(APIView):
    """One's own training runs of a project."""

    @extend_schema(responses=TrainingRunOut(many=True), operation_id="project_runs")
    def get(self, request: Request, slug: str) -> Response:
        """The newest first."""
        training.training_of(slug)
        wanted = experiments.Filter(subject=training.subject(slug))
        return Response(TrainingRunOut(experiments.rows(person(request), wanted), many=True).data)

    @extend_schema(request=TrainingIn, responses={201: StartedOut}, operation_id="train")
    def post(self, request: Request, slug: str) -> Response:
        """Start a run. What is left out is as the project's author has it."""
        user = person(request)
        _, spec = training.training_of(slug)
        given = TrainingIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        form = TrainingForm(spec, user, with_defaults(spec, _fields(asked)))
        if not form.is_valid():
            wrong = form.errors.get_json_data().items()
            raise serializers.ValidationError(
                {_said(n): [one["message"] for one in all_] for n, all_ in wrong}
            )
        if unknown := set(asked.get("parameters", {})) - {one.name for one in spec.parameters}:
            raise serializers.ValidationError(dict.fromkeys(unknown, "This project has no such setting."))
        limits.check_train(request)
        files = asked.get("files") or training.files_to_train(user, slug)
        submission = training.start(user, slug, files, form.wish)
        return Response({"run": submission.run_id, "submission": submission.pk}, status=201)


def _fields(asked: dict[str, Any]) -> dict[str, Any]:
    fields = {PARAMETER + name: value for name, value in asked.get("parameters", {}).items()}
    fields |= {INPUT + name: value for name, value in asked.get("inputs", {}).items()}
    return fields | {name: asked[name] for name in ("seed", "queue") if name in asked}


def _said(field: str) -> str:
    """A form's field as the API names it."""
    return field.removeprefix(PARAMETER).removeprefix(INPUT)


urlpatterns = [path("projects/<slug:slug>/runs", ProjectRunsView.as_view(), name="api-project-runs")]
