"""What a provider shows of what was done there: by its states, its lists, its balance, and by a look."""
