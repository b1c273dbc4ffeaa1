"""What `bursar demo` puts on: the overlay, two child processes, a receiver, the story as it goes, and its summary."""
