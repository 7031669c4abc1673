"""Reads the files of the curriculum and collects what is wrong with them."""

import hashlib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from cairn.catalog import authored_tests
from cairn.catalog.authored_tests import AuthoredTests
from cairn.catalog.errors import ContentError
from cairn.catalog.render import Rendered, markdown
from cairn.catalog.yaml_file import Location, YamlFile

Model = TypeVar("Model", bound=BaseModel)


class Source:
    """The curriculum's folder as one reader. Every reading method notes its errors and goes on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.errors: list[ContentError] = []
        self.links: list[tuple[Path, int, str]] = []  # from a line of a file to an address on this site
        self._yaml: dict[Path, YamlFile] = {}

    def name(self, file: Path) -> str:
        """The file's name relative to the curriculum."""
        return file.relative_to(self.root).as_posix()

    def complain(self, file: Path, line: int, message: str, remedy: str = "") -> None:
        """Note an error."""
        self.errors.append(ContentError(self.name(file), line, message, remedy))

    def complain_at(self, file: Path, location: Location, message: str, remedy: str = "") -> None:
        """Note an error at a place of a YAML file that was read."""
        line = self._yaml[file].line(location) if file in self._yaml else 0
        self.complain(file, line, message, remedy)

    def text(self, file: Path, needed: bool = True) -> str:
        """The file's text; empty, with an error if it is ``needed``, where there is none."""
        try:
            text = file.read_text(encoding="utf-8")
            if "\0" not in text:
                return text
            self.complain(file, text[: text.index("\0")].count("\n") + 1, "This holds a NUL character.")
        except FileNotFoundError:
            if needed:
                self.complain(
                    file, 0, "This file is missing.", "Write it; CONTRIBUTING.md says what it holds."
                )
        except UnicodeDecodeError as error:
            self.complain(file, 0, f"This is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.")
        return ""

    def yaml(self, file: Path, model: type[Model]) -> Model | None:
        """The YAML file as ``model``, or None with its errors noted."""
        if not file.exists():
            self.text(file)
            return None
        parsed = self._yaml[file] = YamlFile.parse(self.name(file), self.text(file))
        result = parsed.read(model)
        self.errors += parsed.errors
        return result

    def render(self, text: str, file: Path, line: int = 1, *, inline: bool = False) -> Rendered:
        """``text``, which starts at ``line`` of ``file``, as HTML; figures lie beside the file."""
        rendered = markdown(text, figures=file.parent, inline=inline)
        for mistake in rendered.mistakes:
            self.complain(file, line + mistake.line - 1, mistake.message, mistake.remedy)
        self.links += [(file, line + at - 1, address) for address, at in rendered.links]
        return rendered

    def render_at(self, text: str, file: Path, location: Location, *, inline: bool = True) -> Rendered:
        """``text``, which stands at a place of a YAML file, as HTML."""
        first = self._yaml[file].line(location)
        return self.render(text, file, first + ("\n" in text), inline=inline)

    def tests(self, file: Path, text: str) -> AuthoredTests | None:
        """What an author's tests say about themselves, or None if they are no Python."""
        try:
            return authored_tests.read(text)
        except SyntaxError as error:
            self.complain(file, error.lineno or 1, f"This is not Python: {error.msg}.")
            return None


def digest(*texts: str) -> str:
    """The hash of some texts in order."""
    whole = hashlib.sha256()
    for text in texts:
        whole.update(f"{len(text)}:".encode() + text.encode())
    return whole.hexdigest()
