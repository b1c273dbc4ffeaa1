"""What a start and a reload change: what rules were before, and what becomes of what waited for them."""
