from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "cairn.learning"

    def ready(self) -> None:
        """Notice what changes in a learner's work, and what that completes."""
        from cairn.learning import completion_actions, versions

        versions.watch()
        completion_actions.watch()
