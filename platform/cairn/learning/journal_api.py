"""A learner's journal and certificates in the API: reading only."""

from typing import Any
from uuid import UUID

from django.urls import path, reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cairn.accounts.person import person
from cairn.learning.certificate_queries import certificates_of
from cairn.learning.journal_queries import SHOWN, notes_of, own_note


class NoteOut(serializers.Serializer[Any]):
    """A note without its text. ``about`` names what it is about."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    about = serializers.CharField()
    shared = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class WholeNoteOut(NoteOut):
    """A note with its text, in Markdown."""

    text = serializers.CharField()


class CertificateOut(serializers.Serializer[Any]):
    """A certificate. ``credential`` is the signed Open Badges 3.0 credential."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["milestone", "path"])
    path = serializers.CharField()
    slug = serializers.CharField()
    title = serializers.CharField()
    name = serializers.CharField()
    completed_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    credential = serializers.CharField()
    url = serializers.SerializerMethodField()

    def get_url(self, certificate: Any) -> str:
        """Its public page."""
        return reverse("learning:certificate", args=[certificate.pk])


class JournalView(APIView):
    """The newest notes."""

    @extend_schema(
        responses=NoteOut(many=True),
        operation_id="me_journal",
        parameters=[
            OpenApiParameter("q", str, description=f"Words that a note holds. At most {SHOWN} notes.")
        ],
    )
    def get(self, request: Request) -> Response:
        """One's own notes, the newest first."""
        words = request.query_params.get("q", "")[:200].replace("\x00", "")
        return Response(NoteOut(notes_of(person(request), words)[:SHOWN], many=True).data)


class NoteView(APIView):
    """One note."""

    @extend_schema(responses=WholeNoteOut, operation_id="me_journal_note")
    def get(self, request: Request, note_id: UUID) -> Response:
        """One of one's own notes, with its text."""
        return Response(WholeNoteOut(own_note(person(request), note_id)).data)


class CertificatesView(APIView):
    """What was issued."""

    @extend_schema(responses=CertificateOut(many=True), operation_id="me_certificates")
    def get(self, request: Request) -> Response:
        """One's own certificates, the newest first; withdrawn ones too."""
        return Response(CertificateOut(certificates_of(person(request)), many=True).data)


urlpatterns = [
    path("me/journal", JournalView.as_view(), name="api-journal"),
    path("me/journal/<uuid:note_id>", NoteView.as_view(), name="api-note"),
    path("me/certificates", CertificatesView.as_view(), name="api-certificates"),
]
