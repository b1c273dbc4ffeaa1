"""What `make bench` measures: bursar beside a bare loop and beside a script, on one machine, against one server, in one
run. Nothing here is imported by bursar, and nothing in the tests depends on a time that is measured here."""
