"""Measure the playgrounds of the built site in a browser on this machine.

    python tools/measure_page.py

Prints the time from the beginning of a page's load to its first live path; the time from a moved slider to the painted
path, median and 95th percentile over 100 changes, for one optimizer and for four, 200 steps on Rosenbrock; and the
bytes that a playground adds to a page, as a server sends them (gzip). $SITE names another site than _build/html.
"""

import gzip
import statistics
import sys
from pathlib import Path

import browser
from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "tests" / "site"))
from reader import FLAGS, SITE, serve

PAGE = "book/playground.html"
RUNS = {
    "GradientDescent": "lr:0.001",
    "HeavyBall": "lr:0.001 momentum:0.9",
    "Nesterov": "lr:0.001 momentum:own",
    "SGD": "lr:0.001 momentum:0.5",
}
FIRST = """document.addEventListener('painted', event => {
    if (event.target.runs.length) globalThis.first ??= performance.now(); }, true)"""
CHANGE = """async position => {
    const box = document.querySelector('optimizer-playground');
    const slider = box.querySelector('.optimizer input[type=range]');
    const begun = performance.now();
    const painted = new Promise(resolve => box.addEventListener('painted', function look() {
        if (!(box.answered > begun)) return;
        box.removeEventListener('painted', look);
        setTimeout(() => resolve(performance.now() - begun)); // the frame is on its way to the screen
    }));
    slider.value = position;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    return painted;
}"""


def first_path(chromium, url):
    """Milliseconds from the beginning of the load to the first live path, in a fresh profile."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(FIRST)
    page.goto(url)
    page.wait_for_function("globalThis.first !== undefined")
    value = page.evaluate("globalThis.first")
    context.close()
    return value


def changes(chromium, url, names, count=100):
    """Milliseconds from each of `count` slider changes to its painted path."""
    runs = "".join(f"&run={name}+{RUNS[name].replace(' ', '+')}" for name in names)
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{url}#playground-1?landscape=rosenbrock&steps=200{runs}")
    page.wait_for_function("document.querySelector('optimizer-playground').scene?.map.values")
    times = [page.evaluate(CHANGE, 2 + i % 40) for i in range(count + 5)][5:]
    context.close()
    return times


def main():
    """Print all that is measured."""
    with serve() as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=FLAGS)
        for page in (PAGE, "book/index.html"):
            times = [first_path(chromium, address + page) for _ in range(5)]
            print(f"first live path, {page}: {statistics.median(times):.0f} ms (largest of 5: {max(times):.0f} ms)")
        for names in (["GradientDescent"], list(RUNS)):
            times = changes(chromium, address + PAGE, names)
            middle, high = statistics.median(times), statistics.quantiles(times, n=20)[-1]
            print(f"slider to painted path, {len(names)} optimizer(s), 200 steps: {middle:.0f} ms, 95 %: {high:.0f} ms")
        chromium.close()
    sizes = {
        path.name: len(gzip.compress(path.read_bytes(), 6)) for path in sorted((SITE / "_static").glob("playground*"))
    }
    data = sizes["playground-data.js"]
    print(f"bytes beyond the theme: {sum(sizes.values()) / 1000:.0f} kB (data {data / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
