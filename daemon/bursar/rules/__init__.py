"""Rules: YAML in, compiled and indexed rules out."""
