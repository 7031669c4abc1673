"""Forms of the learner's pages: they read what was typed; the verbs decide whether it makes sense."""

from django import forms


class EnrolmentForm(forms.Form):
    """Start date and hours a week."""

    starts_on = forms.DateField(
        label="Start",
        error_messages={
            "required": "Choose the day you start.",
            "invalid": "That is not a date. Write it like 2026-11-19.",
        },
        widget=forms.DateInput(attrs={"type": "date", "class": "field"}, format="%Y-%m-%d"),
    )
    hours_per_week = forms.IntegerField(
        label="Hours a week",
        error_messages={
            "required": "Say how many hours a week you can give.",
            "invalid": "That is not a whole number of hours.",
        },
        widget=forms.NumberInput(attrs={"class": "field", "min": 1, "max": 60, "inputmode": "numeric"}),
    )
