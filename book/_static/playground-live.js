// What all live elements of a page have in common. What is inside one, a picture with alt text, stands there until the
// reader comes near, and stays where the scripts cannot run. One whose settings a link can hold has them in the address.
(() => {
  const { client, NEAR, h } = globalThis.ScratchOptimParts;
  const LONGEST = 4000; // letters of a link's fragment

  /** An element has become(), which resolves when what is to be seen is there, and draw(). */
  class Live extends HTMLElement {
    connectedCallback() {
      if (this.watch) return;
      this.still = h("div", { class: "still" });
      this.still.append(...this.childNodes);
      this.word = h("p", { class: "word", role: "status" });
      this.append(this.still, this.word);
      this.watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && this.start(), { rootMargin: `${NEAR}px` });
      this.watch.observe(this);
    }

    /** Become live, once. */
    start() {
      this.watch.disconnect();
      this.started ??= (async () => {
        try {
          this.dataset.phase = "loading";
          this.word.textContent = "Starting Python in the page …";
          this.description = JSON.parse(this.dataset.description);
          await this.become();
        } catch (error) {
          this.dataset.phase = "failed";
          this.word.textContent = `The picture stands still here: ${error.message}.`;
        }
      })();
      return this.started;
    }

    /** Show what is live in place of the picture. */
    appear() {
      this.dataset.phase = "live";
      this.word.textContent = "";
    }

    /** Draw in the next frame, once however often it was asked for. */
    paint() {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = null;
        if (this.dataset.phase === "live") this.draw();
      });
    }

    get dark() {
      return document.documentElement.dataset.theme === "dark";
    }

    // --- the address: what follows needs an id, reset(linked) and say(lines)

    /** Take an id, "word-1" for the first of its kind, and follow the address. */
    link(word) {
      this.id ||= `${word}-${[...document.querySelectorAll(this.localName)].indexOf(this) + 1}`;
      addEventListener("hashchange", () => this.follow());
      if (this.addressed()) this.start().then(() => this.scrollIntoView());
    }

    addressed() {
      const fragment = location.hash.slice(1);
      return fragment === this.id || fragment.startsWith(`${this.id}?`);
    }

    /** The address has changed, by a link in the text or by the reader's hand. */
    async follow() {
      if (!this.addressed() || location.hash === this.written) return;
      this.scrollIntoView({ block: "nearest" });
      const ready = this.dataset.phase === "live"; // else it begins with what the link says
      await this.start();
      if (ready) this.reset(true);
    }

    /** Copy a link with a fragment; `more` is said after it. */
    async copy(fragment, more = "") {
      this.written = `#${fragment}`;
      const address = new URL(this.written, location.href).href;
      try {
        history.replaceState(history.state, "", this.written);
      } catch {
        location.hash = this.written;
      }
      try {
        await navigator.clipboard.writeText(address);
        this.say([`The link is copied.${more}`]);
      } catch {
        this.say([`The link is in the address bar.${more}`]);
      }
    }
  }

  /** What a link sets, read with the same mistrust as any other input: what is not allowed is left out, and said. */
  class Link {
    constructor(fragment, id, known) {
      this.problems = [];
      const long = fragment.length > LONGEST;
      if (long) this.problems.push("The link is too long to be one of this page. The initial settings are used.");
      this.words = new URLSearchParams(long ? "" : fragment.slice(id.length + 1));
      for (const name of new Set(this.words.keys())) {
        if (!known.includes(name)) this.complain(`The link has “${name}”, which is not known here. It is left out.`);
      }
    }

    complain(text) {
      if (this.problems.length < 6) this.problems.push(text.slice(0, 200));
    }

    /** Return the number that a text is, or `otherwise`. */
    number(what, text, low, high, whole, otherwise) {
      const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
      if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
      const range = `${whole ? "a whole number" : "a number"} from ${low} to ${high}`;
      this.complain(`The link sets ${what} to “${text}”, but it must be ${range}. ${otherwise} is used.`);
      return otherwise;
    }

    /** Return the truth value that a text is, or `otherwise`. */
    truth(what, text, otherwise) {
      if (["true", "false"].includes(text)) return text === "true";
      this.complain(`The link sets ${what} to “${text}”, but it must be true or false. ${otherwise} is used.`);
      return otherwise;
    }
  }

  Object.assign(globalThis.ScratchOptimParts, { Live, Link });
})();
