"""The form of a project's hyper-parameters, made from its TrainingSpec."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from cairn.accounts.models import User
from cairn.catalog.content import ChoiceParameter, HyperParameter, NumberParameter, StartsFrom, TrainingSpec
from cairn.runs import artifacts
from cairn.runs.models import RunArtifact
from cairn.submissions.training import Wish, subject

MAX_SEED = 2**31 - 1
PARAMETER, INPUT = "param:", "input:"
QUEUES = {"cpu": ("train-cpu", "Processor"), "gpu": ("train-gpu", "GPU")}


class TrainingForm(forms.Form):
    """Fields ``param:<name>`` by the project's schema, ``seed``, ``queue``, and ``input:<name>``."""

    def __init__(
        self,
        spec: TrainingSpec,
        user: User,
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        form_id: str = "",
    ) -> None:
        """``form_id`` is that of the page's form, where the fields do not stand inside it."""
        super().__init__(data, auto_id="train-%s", initial=dict(initial or {}))
        self._spec = spec
        self._inputs = {one.name: _usable(user, one) for one in spec.starts_from}
        for parameter in spec.parameters:
            self.fields[PARAMETER + parameter.name] = _field(parameter)
        for one in spec.starts_from:
            self.fields[INPUT + one.name] = _input(one, self._inputs[one.name])
        self.fields["seed"] = forms.IntegerField(
            min_value=0,
            max_value=MAX_SEED,
            initial=0,
            help_text="The same seed, code and settings give the same run.",
            error_messages=_number_errors("Seed", 0, MAX_SEED),
        )
        choices = [QUEUES[queue] for queue in spec.queues]
        self.fields["queue"] = forms.ChoiceField(label="Device", choices=choices, initial=choices[0][0])
        if form_id:
            for one_field in self.fields.values():
                one_field.widget.attrs["form"] = form_id

    @property
    def wish(self) -> Wish:
        """What a valid form asks for."""
        said = self.cleaned_data
        return Wish(
            queue=said["queue"],
            parameters={one.name: _value(one, said[PARAMETER + one.name]) for one in self._spec.parameters},
            seed=said["seed"],
            inputs={
                name: found[said[INPUT + name]] for name, found in self._inputs.items() if said[INPUT + name]
            },
        )


def with_defaults(spec: TrainingSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Form data for what a script says: what it leaves out is as the author has it."""
    data = {PARAMETER + one.name: one.default for one in spec.parameters}
    return data | {"seed": 0, "queue": QUEUES[spec.queues[0]][0]} | dict(given)


def _field(parameter: HyperParameter) -> forms.Field:
    more: dict[str, Any] = {
        "label": parameter.title,
        "initial": parameter.default,
        "help_text": parameter.help,
    }
    if isinstance(parameter, NumberParameter):
        return _number(parameter, more)
    if isinstance(parameter, ChoiceParameter):
        wrong = f"{parameter.title} is one of {', '.join(parameter.choices)}."
        choices = [(choice, choice) for choice in parameter.choices]
        return forms.ChoiceField(choices=choices, error_messages={"invalid_choice": wrong}, **more)
    return forms.BooleanField(required=False, **more)


def _number(parameter: NumberParameter, more: dict[str, Any]) -> forms.Field:
    kind = forms.IntegerField if parameter.whole else forms.FloatField
    low, high = parameter.at_least, parameter.at_most
    made: forms.Field = kind(
        min_value=low,  # type: ignore[arg-type]
        max_value=high,  # type: ignore[arg-type]
        error_messages=_number_errors(parameter.title, low, high, parameter.whole),
        **more | {"initial": int(parameter.default) if parameter.whole else parameter.default},
    )
    made.widget.attrs["step"] = "1" if parameter.whole else "any"
    return made


def _number_errors(title: str, low: float, high: float, whole: bool = True) -> dict[str, str]:
    wanted = f"{title} is a {'whole ' if whole else ''}number from {low:g} to {high:,.10g}."
    return dict.fromkeys(("required", "invalid", "min_value", "max_value"), wanted)


def _value(parameter: HyperParameter, value: Any) -> Any:
    """A number that need not be whole is a float, also where somebody typed 1."""
    return float(value) if isinstance(parameter, NumberParameter) and not parameter.whole else value


def _usable(user: User, one: StartsFrom) -> dict[str, RunArtifact]:
    return {str(row.pk): row for row in artifacts.usable(user.pk, subject(one.project), one.artifact)}


def _input(one: StartsFrom, found: Mapping[str, RunArtifact]) -> forms.Field:
    rows: Sequence[tuple[str, str]] = [
        (key, f"{row.run.title}, run of {row.run.created_at:%-d %b %H:%M}") for key, row in found.items()
    ]
    nothing = f"This project starts from `{one.artifact}` of your {one.project}. Train that first."
    return forms.ChoiceField(
        label=f"Start from: {one.name}",
        choices=[("", "nothing, begin anew")] * one.optional + list(rows),
        required=not one.optional,
        error_messages={"required": nothing, "invalid_choice": "That artifact is not one of yours."},
    )
