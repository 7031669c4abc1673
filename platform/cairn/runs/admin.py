"""Runs and nodes, to look at: their rows change only through verbs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cairn.runs.models import Node, Run


class ReadOnly(admin.ModelAdmin[Any]):
    """Nothing here can be added, changed or deleted, except with the person whose it is."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever deletes a person, which is their right, deletes all that the person did."""
        match = request.resolver_match
        ours = f"{self.opts.app_label}_{self.opts.model_name}_"
        return bool(
            match and match.url_name and not match.url_name.startswith(ours)
        ) and request.user.has_perm(f"{self.opts.app_label}.delete_{self.opts.model_name}")


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = ("title", "owner", "kind", "queue", "state", "verdict", "tries", "node", "created_at")
    list_filter = ("state", "verdict", "queue", "kind")
    search_fields = ("id", "title", "owner__username", "node")
    list_select_related = ("owner",)
    exclude = ("token_hash", "spec")
    date_hierarchy = "created_at"


@admin.register(Node)
class NodeAdmin(ReadOnly):
    list_display = ("name", "seen_at", "trouble")
