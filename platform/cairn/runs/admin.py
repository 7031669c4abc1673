"""Runs and nodes, to look at: their rows change only through verbs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cairn.runs.models import Node, Run


class ReadOnly(admin.ModelAdmin[Any]):
    """Nothing here can be added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
