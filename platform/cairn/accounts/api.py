"""People in the API: signing in for a token, giving it back, and who one is."""

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework import serializers, status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from cairn.accounts.models import User
from cairn.ui.errors import Refusal


class CredentialsSerializer(serializers.Serializer[Any]):
    """A user name (or e-mail address) and a password."""

    username = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class TokenSerializer(serializers.Serializer[Any]):
    """A token for the header ``Authorization: Token <token>``. It is shown once."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField(allow_null=True)


class PlaceSerializer(serializers.Serializer[Any]):
    """A person's place in a cohort."""

    slug = serializers.SlugField(source="cohort.slug")
    title = serializers.CharField(source="cohort.title")
    path = serializers.SlugField(source="cohort.path")
    role = serializers.ChoiceField(choices=["learner", "mentor"])


class MeSerializer(serializers.ModelSerializer[User]):
    """The person whose token it is."""

    name = serializers.CharField(source="display_name", read_only=True)
    is_admin = serializers.BooleanField(source="is_staff", read_only=True)
    cohorts = PlaceSerializer(source="memberships", many=True, read_only=True)

    class Meta:
        model = User
        fields = ["username", "name", "email", "timezone", "is_mentor", "is_author", "is_admin", "cohorts"]
        read_only_fields = fields


class TokenView(APIView):
    """Tokens for programs."""

    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "token"

    def get_authenticators(self) -> list[Any]:
        """Only DELETE is done by somebody; a session must not be turned into a token behind one's back."""
        return [TokenAuthentication()] if self.request and self.request.method == "DELETE" else []

    def get_permissions(self) -> Any:
        """Signing in is for everybody."""
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    @extend_schema(
        operation_id="create_token",
        auth=[],
        request=CredentialsSerializer,
        responses={
            200: TokenSerializer,
            400: OpenApiResponse(description="User name or password is wrong."),
            429: OpenApiResponse(description="Too many attempts."),
        },
    )
    def post(self, request: Request) -> Response:
        """Exchange user name and password for a token."""
        credentials = CredentialsSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        person = _authenticate(request, **credentials.validated_data)
        instance, token = AuthToken.objects.create(user=person)
        return Response(TokenSerializer({"token": token, "expiry": instance.expiry}).data)

    @extend_schema(operation_id="delete_token", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Give back the token that this request was made with."""
        if not isinstance(request.auth, AuthToken):
            raise AuthenticationFailed("Send the token to give back in the Authorization header.")
        request.auth.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class WrongCredentials(Refusal):
    """Which of the two is wrong is not told."""

    code = "wrong-credentials"

    def __init__(self) -> None:
        super().__init__("User name or password is wrong, or the account cannot sign in yet.")


class TooManyTries(Refusal):
    """Somebody is guessing."""

    status = 429
    code = "too-many-tries"

    def __init__(self) -> None:
        super().__init__("Too many failed attempts to sign in. Wait a few minutes and try again.")


def _authenticate(request: Request, username: str, password: str) -> User:
    """The person, by user name or e-mail address, under the same limits as the sign-in page.

    Raises WrongCredentials, TooManyTries.
    """
    field = "email" if "@" in username else "username"
    try:
        person = get_adapter().authenticate(request._request, password=password, **{field: username})
    except forms.ValidationError:
        raise TooManyTries from None
    if person is None or not person.is_active or not _may_sign_in(person):
        raise WrongCredentials
    return cast(User, person)


def _may_sign_in(person: User) -> bool:
    """Where an address must be verified first, it also must be for a token."""
    verified = EmailAddress.objects.filter(user=person, verified=True)
    return settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory" or verified.exists()


class MeView(APIView):
    """Oneself."""

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who the token belongs to."""
        person = User.objects.prefetch_related("memberships__cohort").get(pk=cast(User, request.user).pk)
        return Response(MeSerializer(person).data)


urlpatterns = [
    path("auth/token", TokenView.as_view(), name="api-token"),
    path("me", MeView.as_view(), name="api-me"),
]
