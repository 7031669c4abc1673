"""Forms of the account pages."""

import zoneinfo
from functools import cache
from typing import Any

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SignupForm,
)
from django import forms

from cairn.accounts.models import User


@cache
def zones() -> list[tuple[str, str]]:
    """The time zones to choose from."""
    names = sorted(
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/")
    )
    return [(name, name.replace("_", " ")) for name in ("UTC", *names)]


class ProfileForm(forms.ModelForm[User]):
    """What a person may change about themselves here. User name, e-mail and password have their own pages."""

    timezone = forms.ChoiceField(
        label="Time zone", choices=zones, help_text="Dates and plans are shown in this zone."
    )

    class Meta:
        model = User
        fields = ["first_name", "last_name", "timezone"]


class SignInForm(LoginForm):  # type: ignore[misc]
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "User name or e-mail"
        self.fields["remember"].label = "Keep me signed in"
        _without_placeholders(self)


class CreateAccountForm(SignupForm):  # type: ignore[misc]
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
        self.fields["email"].label = "E-mail"
        _without_placeholders(self)


class ForgottenPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"
        _without_placeholders(self)


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = "Password now"
        _name_passwords(self)


class ResetPasswordByLinkForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_passwords(self)


class AnotherAddressForm(AddEmailForm):  # type: ignore[misc]
    """allauth's form in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"
        _without_placeholders(self)


def _name_passwords(form: forms.BaseForm) -> None:
    form.fields["password1"].label = "New password"
    form.fields["password2"].label = "New password again"
    _without_placeholders(form)


def _without_placeholders(form: forms.BaseForm) -> None:
    """A placeholder that repeats the label says nothing, and goes away when it is needed."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
