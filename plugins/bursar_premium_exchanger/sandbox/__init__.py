"""The exchanger that `bursar sandbox` serves, and its world."""
