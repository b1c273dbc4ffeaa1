"""The configuration: YAML files in, frozen values out, or every problem with its place."""
