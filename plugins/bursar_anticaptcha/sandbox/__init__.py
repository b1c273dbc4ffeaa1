"""The vendor that `bursar sandbox` serves, and its world."""
