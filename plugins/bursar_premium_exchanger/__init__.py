"""A plugin of bursar."""
