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
  addEventListener("load", soon);
  document.addEventListener("formulas", soon);
})();
// Formulas. MathJax keeps a page busy for a quarter of a second, so that a page that begins with a playground has it wait
// for the first path; a while after the page is there nothing is waited for.
(() => {
  const WHILE = 1500; // ms
  const later = document.querySelector("script[type='text/later']");
  const told = () => window.MathJax?.startup?.promise?.then(() => document.dispatchEvent(new Event("formulas")));
  const begin = () => {
    if (later.isConnected) {
      const script = document.createElement("script");
      script.src = later.src;
      script.addEventListener("load", told);
      later.replaceWith(script);
    }
  };
  if (!later) return void told();
  document.addEventListener("painted", () => setTimeout(begin), { capture: true, once: true });
  addEventListener("load", () => setTimeout(begin, WHILE));
})();
