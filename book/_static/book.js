// A box that scrolls must be reachable by keyboard. The theme sees to it when the page loads; this does so for what was
// folded away then (solutions, hidden code) and for wide formulas.
(() => {
  const reach = () => {
    for (const box of document.querySelectorAll(".bd-content pre, .bd-content div.math, .bd-content span.math")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    }
  };
  const soon = () => requestAnimationFrame(reach);
  document.addEventListener("click", soon);
  document.addEventListener("toggle", soon, true); // of <details>, which does not bubble
  addEventListener("resize", soon);
  addEventListener("load", () => (window.MathJax?.startup?.promise ?? Promise.resolve()).then(soon));
})();
