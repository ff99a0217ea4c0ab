"""What is in an installation of uketsuke: a CycloneDX 1.6 bill of materials of the packages that run, as JSON.

Names, versions and hashes come from the lock, licences and descriptions from the installed packages' own metadata. The same lock gives
the same bytes: no time of making, and a serial number that is made of the content. Holds no system packages: those of an image are known
to whoever builds it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tools.runtime_lock import ROOT, needed, plain_name, read_lock, runtime_roots

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import Message

    from tools.runtime_lock import Pin

SPEC = "1.6"
# Names of licences in classifiers, as SPDX has them; what is not here is kept as the package says it.
_SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_IDS = frozenset(
    {*_SPDX.values(), "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Zlib", "MIT-0", "MIT-CMU", "HPND", "Unlicense"} - {""}
)
_EXPRESSION = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+()-]+)+|LicenseRef-[A-Za-z0-9.-]+")
_LONGEST = 100  # characters of a licence's name; some packages write its whole text there


def bill(pins: Sequence[Pin], project: dict[str, Any]) -> dict[str, Any]:
    """The bill of these packages; `project` is pyproject.toml's table of that name."""
    name, version = project["name"], project["version"]
    own = f"pkg:pypi/{name}@{version}"
    known = {pin.name: purl(pin) for pin in pins}
    content: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": name,
                "version": version,
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "purl": own,
            }
        },
        "components": [_component(pin) for pin in pins],
        "dependencies": [
            {"ref": own, "dependsOn": sorted(known[pin.name] for pin in pins if plain_name(name) in pin.wanted_by)},
            *(
                {
                    "ref": known[pin.name],
                    "dependsOn": sorted(known[one.name] for one in pins if pin.name in one.wanted_by),
                }
                for pin in pins
            ),
        ],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    return {**content, "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"}


def purl(pin: Pin) -> str:
    """The package's address, whatever index it comes from."""
    return f"pkg:pypi/{pin.name}@{pin.version}"


def _component(pin: Pin) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": purl(pin),
        # Of each file that the index has for this version, one of which was installed.
        "properties": [
            {"name": "uketsuke:lock:sha256", "value": one.removeprefix("--hash=sha256:")} for one in pin.hashes
        ],
    }
    if len(pin.hashes) == 1:
        found["hashes"] = [{"alg": "SHA-256", "content": pin.hashes[0].removeprefix("--hash=sha256:")}]
    if about := _metadata(pin.name):
        if summary := about.get("Summary"):
            found["description"] = summary
        found["licenses"] = licences(about)
    return found


def _metadata(name: str) -> Message | None:
    try:
        return cast("Message", importlib.metadata.metadata(name))  # which it is; its protocol tells less
    except importlib.metadata.PackageNotFoundError:  # of another system, like colorama
        return None


def licences(about: Message) -> list[dict[str, Any]]:
    """What a package says of its licence: an SPDX expression or id where it says one, else its own word for it."""
    said = (about.get("License-Expression") or "").strip()
    if _EXPRESSION.fullmatch(said):
        return [{"expression": said}]
    classified = [
        one.rpartition(" :: ")[2]
        for one in about.get_all("Classifier") or ()
        if one.startswith("License :: OSI Approved :: ")
    ]
    told = said or " ".join((about.get("License") or "").split())
    names = [told] if told and len(told) <= _LONGEST else classified or ["not said"]
    names = [_SPDX.get(one) or one for one in names]
    return [{"license": {"id": one} if one in _IDS else {"name": one}} for one in dict.fromkeys(names)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the bill to a file or to standard output."""
    parser = argparse.ArgumentParser(description="writes a CycloneDX bill of materials of what runs")
    parser.add_argument("--out", type=Path, metavar="FILE")
    asked = parser.parse_args(arguments)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = needed(read_lock((ROOT / "requirements.lock").read_text(encoding="utf-8")), runtime_roots())
    text = json.dumps(bill(pins, project), ensure_ascii=False, indent=2) + "\n"
    if asked.out is None:
        sys.stdout.write(text)
        return 0
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(pins)} packages in {asked.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
