"""Reads one YAML file into a content model, and knows the line of everything that is wrong with it."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cairn.catalog import content
from cairn.catalog.errors import ContentError

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]

SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class YamlFile:
    """A parsed file: ``data`` is plain values, ``line(location)`` says where one of them stands."""

    name: str
    root: yaml.Node | None = None
    data: Any = None
    errors: list[ContentError] = field(default_factory=list)

    @classmethod
    def parse(cls, name: str, text: str) -> "YamlFile":
        """Parse ``text``; malformed YAML and keys written twice end up in ``errors``."""
        file = cls(name)
        loader = SafeLoader(text)
        try:
            file.root = loader.get_single_node()
            file.data = loader.construct_document(file.root) if file.root else None
        except yaml.MarkedYAMLError as error:
            file.errors.append(_malformed(name, error))
        except (yaml.YAMLError, ValueError) as error:
            file.errors.append(
                ContentError(name, 1, f"This is not YAML: {error}.", "Save the file as UTF-8 text.")
            )
        finally:
            loader.dispose()
        file.errors += _keys_written_twice(name, file.root)
        return file

    def read(self, model: type[Model]) -> Model | None:
        """The file as ``model``, or None with the reasons added to ``errors``."""
        if self.errors:
            return None
        try:
            return model.model_validate(self.data if self.data is not None else {})
        except ValidationError as error:
            self.errors += [self._explain(one) for one in error.errors()]
            return None

    def line(self, location: Location) -> int:
        """The line of the value at ``location``, or of the nearest thing around it."""
        node, line = self.root, 1
        for step in location:
            child = _child(node, step)
            if child is not None:
                node, line = child
        return line

    def _explain(self, error: Any) -> ContentError:
        location: Location = error["loc"]
        message, remedy = _in_words(error, location)
        return ContentError(self.name, self.line(location), message, remedy)


def _child(node: yaml.Node | None, step: int | str) -> tuple[yaml.Node, int] | None:
    """The child one step down and its line. Pydantic also names union members, which are no step here."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child, child.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, key.start_mark.line + 1
    return None


def _malformed(name: str, error: yaml.MarkedYAMLError) -> ContentError:
    mark = error.problem_mark or error.context_mark
    reason = " ".join(part for part in (error.context, error.problem) if part)
    remedy = "Look at the indentation and the quotes here. A text with a colon or a # needs quotes around it."
    return ContentError(name, mark.line + 1 if mark else 1, f"This is not YAML: {reason}.", remedy)


def _keys_written_twice(name: str, node: yaml.Node | None) -> Iterator[ContentError]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                yield ContentError(
                    name, line, f"The key `{key.value}` is written twice.", "Keep one of them."
                )
            seen.add(key.value)
            yield from _keys_written_twice(name, value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _keys_written_twice(name, value)


def _in_words(error: Any, location: Location) -> tuple[str, str]:
    """A pydantic error as a sentence for an author, and what to do about it."""
    names = [str(step) for step in location if isinstance(step, str)]
    key = names[-1] if names else "this file"
    match error["type"]:
        case "missing":
            return f"`{key}` is missing.", f"Add `{key}:` here."
        case "extra_forbidden":
            return f"`{key}` is not a key that can stand here.", _did_you_mean(key)
        case "string_type":
            return f"`{key}` must be a text.", "Put quotes around it."
        case "value_error":
            return f"In `{key}`: {error['ctx']['error']}." if names else f"{error['ctx']['error']}.", ""
        case "union_tag_not_found" | "union_tag_invalid":
            return f"`{key}`: {error['msg']}.", "Set its type to one of those."
        case _:
            shown = repr(error["input"])[:80]
            return f"`{key}`: {error['msg']}; here it is {shown}.", ""


def _did_you_mean(key: str) -> str:
    near = difflib.get_close_matches(key, _all_keys(), n=1)
    return f"Did you mean `{near[0]}`?" if near else "Remove it, or correct its spelling."


@cache
def _all_keys() -> list[str]:
    models = [value for value in vars(content).values() if isinstance(value, type)]
    return sorted({name for model in models if issubclass(model, BaseModel) for name in model.model_fields})
