"""The plugin host: finds plugins, checks what pluggy does not, keeps what they registered, isolates what fails."""
