"""The four loops that touch the world: polling, timing, executing, delivering. They decide nothing, and meet only in
the journal."""
