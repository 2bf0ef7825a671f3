"""Find the browser that the site tests drive.

    python tools/browser.py              print where it is
    python tools/browser.py --install    the same, and install Debian's Chromium where root may and none is there

$CHROMIUM names one; else the first of Chromium and Chrome on the PATH (or among macOS's applications) is taken.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium")
MISSING = (
    "The site tests need Chromium or Chrome and found none. Install it ('sudo apt-get install chromium' on Debian, "
    "'brew install --cask chromium' on macOS, or Google Chrome from google.com/chrome), "
    "or name one: CHROMIUM=/path/to/chrome make test"
)


def find():
    """Path of a browser, or None.

    Raises
    ------
    FileNotFoundError
        if $CHROMIUM names a file that cannot be run.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise FileNotFoundError(f"CHROMIUM={named} is no program that can be run")
        return shutil.which(named)
    places = [Path(root, app) for root in ("/Applications", Path.home() / "Applications") for app in MACOS]
    return next(filter(None, map(shutil.which, (*NAMES, *map(str, places)))), None)


def install():
    """Install Debian's chromium if that is possible here; returns whether it was tried."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", *command], env=environment, stdout=sys.stderr, check=False)
    return True


def main():
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="install it if it is missing and root may")
    options = parser.parse_args()
    try:
        path = find() or (options.install and install() and find())
    except FileNotFoundError as error:
        path, reason = None, str(error)
    else:
        reason = MISSING
    print(path or reason, file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
