"""Write depscan/knowledge/sizes.json: how large base images are, packed and unpacked. For maintainers.

In: the file itself (the images, and what was read of each), and where it is at hand a checkout of
docker-library/repo-info: repos/NAME/remote/TAG.md has the compressed size of each platform, repos/NAME/local/TAG.md the
"Virtual Size" of linux/amd64. Out: the file, sorted; a page that is not there leaves what was read before. Sizes are of
linux/amd64, each beside the day on which that image was made. A row for a further image may begin as {}.
"""

from __future__ import annotations

import argparse
import json
import re
from datetime import UTC, datetime
from pathlib import Path

Size = tuple[int, str]  # bytes, the day of the image

SIZES = Path(__file__).parent.parent / "depscan" / "knowledge" / "sizes.json"
_UNITS = {"Kb": 10**3, "Mb": 10**6, "Gb": 10**9}  # repo-info's scan-local.sh divides by thousands


def main() -> None:
    """Read the pages, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repo_info", type=Path, nargs="?", metavar="REPO_INFO_CHECKOUT")
    checkout = parser.parse_args().repo_info
    rows = json.loads(SIZES.read_text("utf-8"))
    if checkout is not None:
        rows = {name: refreshed(name, row, checkout / "repos") for name, row in rows.items()}
    lines = [f"{json.dumps(name)}:{json.dumps(rows[name], separators=(',', ':'))}" for name in sorted(rows)]
    SIZES.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def refreshed(name: str, row: dict[str, Size], pages: Path) -> dict[str, Size]:
    """The sizes of an image as its pages have them, else as they were."""
    image, _, tag = name.partition(":")
    found = {"packed": packed_size(read(pages / image / "remote" / f"{tag}.md"))}
    found["unpacked"] = unpacked_size(read(pages / image / "local" / f"{tag}.md"))
    sizes = {key: value or row.get(key) for key, value in found.items()}
    return {key: value for key, value in sizes.items() if value}


def read(path: Path) -> str:
    """A page; "" where there is none."""
    return path.read_text("utf-8") if path.is_file() else ""


def packed_size(page: str) -> Size | None:
    """The compressed size for linux/amd64; the day is that of the newest line of the image's history."""
    part = re.search(r"^### `[^`]+` - linux; amd64\n(.*?)(?=^### |\Z)", page, re.MULTILINE | re.DOTALL)
    size = re.search(r"Total Size: \*\*.*?\((\d+) bytes\)\*\*", part[1]) if part else None
    days = re.findall(r"^# (\w{3}, \d\d \w{3} \d{4}) ", part[1], re.MULTILINE) if part else []
    if size is None or not days:
        return None
    made = max(datetime.strptime(day, "%a, %d %b %Y").replace(tzinfo=UTC) for day in days)
    return int(size[1]), made.date().isoformat()


def unpacked_size(page: str) -> Size | None:
    """The size of all layers on disk, to the page's two or three digits."""
    size = re.search(r"^- Virtual Size: ~ ([\d.]+) (Kb|Mb|Gb)", page, re.MULTILINE)
    made = re.search(r"^- Created: `(\d{4}-\d\d-\d\d)", page, re.MULTILINE)
    return (round(float(size[1]) * _UNITS[size[2]]), made[1]) if size and made else None


if __name__ == "__main__":
    main()
