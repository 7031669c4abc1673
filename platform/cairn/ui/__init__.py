"""The look of every page: base templates, components, the cairn drawing, icons. Imports no room."""
