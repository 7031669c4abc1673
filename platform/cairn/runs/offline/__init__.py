"""What a capsule holds beside the run's own files. Nothing here is imported by the site."""
