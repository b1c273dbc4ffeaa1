"""May it go out? `gate` asks `domain.permission.permit`, on what `guard_facts` loads. What a guard needs to know
that is more than a row is in the file of the guard's name."""
