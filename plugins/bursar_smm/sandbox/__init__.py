"""The panel that `bursar sandbox` serves, and its world."""
