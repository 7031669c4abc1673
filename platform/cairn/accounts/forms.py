"""Forms of the account pages."""

import zoneinfo
from functools import cache

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
