"""How much memory an order under watch costs: two daemons in processes of their own, one that watches so many orders
and has polled each twice, and one that watches none."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path

from benchmarks.daemon import configure, opened
from benchmarks.server import ROOT


async def bytes_each(folder: Path, url: str, count: int) -> float:
    """Return the resident bytes of one order under watch."""
    empty, full = folder / "empty", folder / "full"
    empty.mkdir()
    full.mkdir()
    async with opened(configure(full, url)) as bench:
        await bench.watch(count)
    return (await _resident(full, url) - await _resident(empty, url)) / count


async def _resident(folder: Path, url: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.memory", str(folder), url, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, _ = await process.communicate()
    return int(out.splitlines()[-1])  # before it stands what the daemon logs


async def stay(folder: Path, url: str) -> int:
    """Be a daemon that watches what is in the journal; give its resident bytes after two polls of everything."""
    async with opened(configure(folder, url)) as bench:
        await bench.load()
        for _ in range(2):
            await bench.pass_once()
        gc.collect()
        return resident_bytes()


def resident_bytes() -> int:
    """Read this process's resident memory."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the system does not say how much memory is resident")


if __name__ == "__main__":
    print(asyncio.run(stay(Path(sys.argv[1]), sys.argv[2])))
