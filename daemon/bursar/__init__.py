"""bursar: looks after accounts at providers that offer only a polling API, by rules, safely enough for money."""

__version__ = "0.1.0"
