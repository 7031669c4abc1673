"""The curriculum in the API: what anybody may read, and never what is right."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cairn.catalog import content
from cairn.catalog.library import ExerciseEntry, Library, PathEntry, TopicEntry
from cairn.catalog.models import SearchEntry
from cairn.catalog.queries import document, library
from cairn.catalog.search import BadSearch, Found, Question, find
from cairn.catalog.search_index import SHOWN


class CriterionSerializer(serializers.Serializer[Any]):
    """One stone of a milestone."""

    id = serializers.SlugField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in content.CriterionKind])
    title = serializers.CharField()
    project = serializers.SlugField(
        allow_null=True, help_text="The project it belongs to, if it is not the milestone's own."
    )


class MilestoneSerializer(serializers.Serializer[Any]):
    """A milestone and what it asks for."""

    slug = serializers.SlugField()
    number = serializers.CharField(allow_blank=True)
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    duration = serializers.CharField(allow_blank=True)
    hours = serializers.FloatField()
    optional = serializers.BooleanField()
    open = serializers.BooleanField(help_text="Whether all that it asks for is written.")
    topics = serializers.ListField(child=serializers.SlugField())
    projects = serializers.ListField(child=serializers.SlugField())
    criteria = CriterionSerializer(many=True)


class StageSerializer(serializers.Serializer[Any]):
    """A phase of a path."""

    slug = serializers.SlugField()
    label = serializers.CharField()  # type: ignore[assignment]
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    optional = serializers.BooleanField()
    milestones = MilestoneSerializer(many=True)


class PathSummarySerializer(serializers.Serializer[Any]):
    """A path in the list of paths."""

    slug = serializers.SlugField()
    title = serializers.CharField()
    summary = serializers.CharField()
    duration = serializers.CharField()
    hours = serializers.FloatField()
    hours_per_week = serializers.FloatField()
    needs = serializers.ListField(child=serializers.CharField())
    milestones = serializers.IntegerField()
    open_milestones = serializers.IntegerField()


class PathSerializer(serializers.Serializer[Any]):
    """A path with its stages."""

    slug = serializers.SlugField()
    title = serializers.CharField()
    summary = serializers.CharField()
    duration = serializers.CharField()
    hours = serializers.FloatField()
    hours_per_week = serializers.FloatField()
    needs = serializers.ListField(child=serializers.CharField())
    stages = StageSerializer(many=True)


class ResourceSerializer(serializers.Serializer[Any]):
    """A book, course, paper or page."""

    title = serializers.CharField()
    kind = serializers.CharField()
    by = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class TopicSerializer(serializers.Serializer[Any]):
    """A topic. ``lesson`` is null while it is being written."""

    slug = serializers.SlugField()
    area = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    minutes = serializers.IntegerField()
    optional = serializers.BooleanField()
    written = serializers.BooleanField()
    prerequisites = serializers.ListField(child=serializers.SlugField())
    paths = serializers.ListField(child=serializers.SlugField())
    exercises = serializers.ListField(child=serializers.SlugField())
    questions = serializers.IntegerField()
    resources = ResourceSerializer(many=True)
    lesson = serializers.CharField(allow_null=True, help_text="HTML.")


class ExampleSerializer(serializers.Serializer[Any]):
    """A visible test."""

    name = serializers.CharField()
    title = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]


class HintSerializer(serializers.Serializer[Any]):
    """A hint, to be opened on demand."""

    title = serializers.CharField()
    html = serializers.CharField()


class ExerciseLimitsSerializer(serializers.Serializer[Any]):
    """What a submission may use."""

    seconds = serializers.FloatField()
    memory_mb = serializers.IntegerField()
    output_kb = serializers.IntegerField()


class ExerciseSerializer(serializers.Serializer[Any]):
    """An exercise: all that a learner gets, and nothing that marks it."""

    slug = serializers.SlugField()
    topic = serializers.SlugField()
    title = serializers.CharField()
    entry = serializers.CharField(help_text="The file to hand in.")
    minutes = serializers.IntegerField()
    points = serializers.IntegerField()
    content_hash = serializers.CharField()
    tests = serializers.IntegerField(help_text="How many tests there are, the hidden ones included.")
    prompt = serializers.CharField(help_text="HTML.")
    starter = serializers.CharField()
    hints = HintSerializer(many=True)
    limits = ExerciseLimitsSerializer()
    examples = ExampleSerializer(many=True)


class FoundSerializer(serializers.Serializer[Any]):
    """Something that a search found."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in SearchEntry.Kind])
    slug = serializers.SlugField()
    path = serializers.SlugField(allow_blank=True, help_text="The path that a milestone is on.")
    title = serializers.CharField()
    context = serializers.CharField(  # type: ignore[assignment]
        allow_blank=True, help_text="Where it belongs, in words."
    )
    summary = serializers.CharField(allow_blank=True)
    excerpt = serializers.CharField(allow_blank=True, help_text="Plain text around the first hit.")
    written = serializers.BooleanField()
    url = serializers.CharField(help_text="Its page on this site.")


class PublicView(APIView):
    """Read by anybody."""

    permission_classes = [AllowAny]


class PathsView(PublicView):
    """The catalogue."""

    @extend_schema(operation_id="list_paths", auth=[], responses=PathSummarySerializer(many=True))
    def get(self, request: Request) -> Response:
        """All paths, in the order of the catalogue."""
        current = library()
        paths = [_summary(current, entry) for entry in current.paths.values()]
        return Response(PathSummarySerializer(paths, many=True).data)


class PathView(PublicView):
    """One path."""

    @extend_schema(operation_id="read_path", auth=[], responses=PathSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """A path with its stages, milestones and criteria."""
        current = library()
        return Response(PathSerializer(_path(current, current.path(slug))).data)


class TopicView(PublicView):
    """One topic."""

    @extend_schema(operation_id="read_topic", auth=[], responses=TopicSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """A topic, with its lesson where it is written."""
        return Response(TopicSerializer(_topic(library().topic(slug))).data)


class ExerciseView(PublicView):
    """One exercise."""

    @extend_schema(operation_id="read_exercise", auth=[], responses=ExerciseSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """An exercise, ready to be worked on."""
        return Response(ExerciseSerializer(_exercise(library().exercise(slug))).data)


class SearchView(PublicView):
    """Search over all that is published."""

    @extend_schema(
        operation_id="search",
        auth=[],
        parameters=[
            OpenApiParameter(
                "q", str, required=True, description="Words; each must be there. Up to 200 characters."
            ),
            OpenApiParameter("kind", str, enum=[kind.value for kind in SearchEntry.Kind]),
        ],
        responses=FoundSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """The best 50 that say all the words: titles weigh more than summaries, these more than texts."""
        question, kind = Question.of(request.query_params.get("q", "")), request.query_params.get("kind", "")
        if not question.words:
            raise BadSearch("Say in q what to look for: at least one letter or digit.")
        if kind and kind not in SearchEntry.Kind.values:
            raise BadSearch(
                f"There is no kind “{kind[:40]}”. Kinds are {', '.join(SearchEntry.Kind.values)}."
            )
        return Response(FoundSerializer([_found(one) for one in find(question, 50, kind)], many=True).data)


def _found(one: Found) -> dict[str, Any]:
    fields = {name: getattr(one.entry, name) for name in SHOWN}
    return fields | {"excerpt": "".join(text for text, _ in one.excerpt), "url": one.url}


def _summary(current: Library, entry: PathEntry) -> dict[str, Any]:
    milestones = entry.content.milestones
    opened = sum(current.is_open(milestone) for milestone in milestones)
    counts = {"milestones": len(milestones), "open_milestones": opened}
    return _fields(entry, "title summary duration hours hours_per_week needs") | counts


def _path(current: Library, entry: PathEntry) -> dict[str, Any]:
    stages = [
        _plain(stage, "slug label title summary optional")
        | {"milestones": [_milestone(current, milestone) for milestone in stage.milestones]}
        for stage in entry.content.stages
    ]
    return _fields(entry, "title summary duration hours hours_per_week needs") | {"stages": stages}


def _milestone(current: Library, milestone: content.Milestone) -> dict[str, Any]:
    criteria = [
        _plain(placed.criterion, "id kind title") | {"project": placed.project}
        for placed in current.criteria(milestone)
    ]
    plain = _plain(milestone, "slug number title summary duration hours optional topics projects")
    return plain | {"open": current.is_open(milestone), "criteria": criteria}


def _topic(entry: TopicEntry) -> dict[str, Any]:
    lesson = document("topic", entry.slug).body["html"] if entry.written else None
    more = {"area": entry.area, "written": entry.written, "paths": entry.paths, "lesson": lesson}
    fields = _fields(entry, "title summary minutes optional prerequisites exercises resources")
    return fields | more | {"questions": entry.question_count}


def _exercise(entry: ExerciseEntry) -> dict[str, Any]:
    body = document("exercise", entry.slug).body
    public = {name: body[name] for name in ("prompt", "starter", "hints", "limits", "examples")}
    more = {"topic": entry.topic, "content_hash": entry.content_hash, "tests": entry.test_count}
    return _fields(entry, "title entry minutes points") | public | more


def _fields(entry: Any, names: str) -> dict[str, Any]:
    return {"slug": entry.slug, **_plain(entry.content, names)}


def _plain(model: content.Content, names: str) -> dict[str, Any]:
    return {name: getattr(model, name) for name in names.split()}


urlpatterns = [
    path("paths", PathsView.as_view(), name="api-paths"),
    path("paths/<slug:slug>", PathView.as_view(), name="api-path"),
    path("topics/<slug:slug>", TopicView.as_view(), name="api-topic"),
    path("exercises/<slug:slug>", ExerciseView.as_view(), name="api-exercise"),
    path("search", SearchView.as_view(), name="api-search"),
]
