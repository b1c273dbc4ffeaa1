"""The script that people have before they have a daemon: `requests`, one order at a time, one after the other."""

from __future__ import annotations

import time

import requests

from benchmarks.orders import ids


def orders_per_s(url: str, count: int) -> float:
    """Ask for so many orders; give how many a second that were."""
    with requests.Session() as session:
        session.trust_env = False  # the panel is on loopback, and no proxy leads there
        began = time.perf_counter()
        for id_ in ids(count):
            status = session.post(url, data={"key": "bench", "action": "status", "order": id_}, timeout=30).json()
            assert status["status"]
        return count / (time.perf_counter() - began)
