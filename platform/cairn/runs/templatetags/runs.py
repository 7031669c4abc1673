"""``{% run_view run as view %}``: for pages of other rooms that show a run."""

from django import template

from cairn.runs import views
from cairn.runs.models import Run
from cairn.runs.view_model import RunView

register = template.Library()


@register.simple_tag
def run_view(run: Run) -> RunView:
    """The run as a page shows it now. One query, and another while it waits."""
    return views.view_of(run)
