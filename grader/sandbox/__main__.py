"""``python -m grader.sandbox doctor [--json]``, without the site."""

import typer

from grader.sandbox import doctor

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command("doctor")(doctor.main)


@app.callback()
def sandbox() -> None:
    """How learner code is confined on this machine."""


if __name__ == "__main__":
    app()
