"""What happens inside one commit: each stage loads once, asks the domain once, and writes once."""
