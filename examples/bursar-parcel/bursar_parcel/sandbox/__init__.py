"""The lockers that `bursar sandbox` serves."""
