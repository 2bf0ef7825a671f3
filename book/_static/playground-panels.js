// Parts of a playground made of several controls: the player, the read-out, the card of an optimizer.
(() => {
  const { h, show, button, icon, sign, control, menu, Editor, unique } = globalThis.ScratchOptimParts;
  const SPEEDS = [[5, "5 steps/s"], [20, "20 steps/s"], [60, "60 steps/s"]];
  const QUIET = 800; // ms without change until a screen reader is told
  const STILLS = 12; // pictures of a run, two a second, for readers who asked for less motion

  /** Play, pause, step and scrub. Calls move(step), or move(null) for the end that follows the number of steps. */
  class Player {
    constructor(move) {
      this.move = move;
      this.last = 0;
      this.playing = null;
      this.speed = 20;
      const id = unique("step");
      this.slider = h("input", { type: "range", id, min: 0, max: 1, step: 1, input: () => this.go(Number(this.slider.value)) });
      this.count = h("span", { class: "count" });
      this.toggle = button("play", "Play", () => (this.playing ? this.pause() : this.play()), { class: "start" });
      const speed = menu("Speed", SPEEDS, 20, (value) => (this.speed = Number(value)));
      this.node = h(
        "div", { class: "player", role: "group", "aria-label": "Steps of the runs" },
        h("span", { class: "buttons" },
          this.toggle, button("first", "To the start", () => this.go(0)), button("back", "One step back", () => this.go(this.at - 1)),
          button("forward", "One step on", () => this.go(this.at + 1)), button("last", "To the end", () => this.go(this.last))),
        h("span", { class: "scrub" }, h("label", { for: id }, "Step"), this.slider, this.count), speed.node,
      );
    }

    set(step, last) {
      [this.at, this.last] = [step, last];
      this.slider.max = last;
      this.slider.value = step;
      this.slider.setAttribute("aria-valuetext", `step ${step} of ${last}`);
      this.count.textContent = `${step} of ${last}`;
    }

    go(step) {
      this.pause();
      this.move(step >= this.last ? null : Math.max(0, step));
    }

    play() {
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      let at = this.at >= this.last ? 0 : this.at;
      let before = performance.now();
      this.playing = true;
      this.face("pause", "Pause");
      this.move(at);
      const frame = (now) => {
        if (!this.playing) return;
        const jump = Math.max(1, this.last / STILLS);
        if (still && now - before < 500) return requestAnimationFrame(frame);
        at += still ? jump : ((now - before) / 1000) * this.speed;
        before = now;
        if (at >= this.last) {
          this.pause();
          return this.move(null);
        }
        if (Math.floor(at) !== this.at) this.move(Math.floor(at));
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    }

    pause() {
      this.playing = null;
      this.face("play", "Play");
    }

    face(name, label) {
      this.toggle.replaceChildren(icon(name));
      this.toggle.setAttribute("aria-label", label);
      this.toggle.title = label;
    }
  }

  /** Where each run stands at the cursor: a table that is the legend too, and the same in words for screen readers. */
  class Readout {
    constructor() {
      const heads = ["Run", "x", "y", "Loss", "Gradient norm"].map((text) => h("span", { role: "columnheader" }, text));
      this.body = h("div", { role: "rowgroup" });
      this.told = h("p", { class: "unseen", "aria-live": "polite" });
      const head = h("div", { role: "rowgroup" }, h("div", { role: "row" }, heads));
      this.node = h("div", {}, h("div", { class: "readout", role: "table", "aria-label": "The runs at the cursor" }, head, this.body), this.told);
    }

    set(runs, step) {
      if (this.body.children.length !== runs.length) this.body.replaceChildren(...runs.map(() => h("div", { role: "row" })));
      const words = [];
      runs.forEach((run, i) => {
        const k = Math.min(step, run.losses.length - 1);
        const numbers = [run.points[2 * k], run.points[2 * k + 1], run.losses[k], run.norms[k]].map((v) => show(v, 3));
        const gone = run.left !== null && step >= run.left;
        const row = this.body.children[i];
        const looks = `${run.series.label} ${run.series.color}`;
        if (row.dataset.looks !== looks) {
          row.dataset.looks = looks;
          const name = h("span", { role: "rowheader" }, sign(run.series), run.series.label);
          row.replaceChildren(name, ...numbers.map(() => h("span", { role: "cell" })));
        }
        numbers.forEach((text, n) => (row.children[n + 1].textContent = text));
        row.classList.toggle("gone", gone);
        const what = `x ${numbers[0]}, y ${numbers[1]}, loss ${numbers[2]}, gradient norm ${numbers[3]}`;
        words.push(`${run.series.label}: ${gone ? `left the landscape at step ${run.left}` : what}.`);
      });
      clearTimeout(this.timer);
      this.timer = setTimeout(() => (this.told.textContent = `Step ${step}. ${words.join(" ")}`), QUIET);
    }
  }

  /** The card of an optimizer: its sliders, and its rule to be changed. `host` is told what was done. */
  class Card {
    constructor(entry, kind, noise, host) {
      this.entry = entry;
      this.name = entry.name;
      this.controls = Object.fromEntries(
        kind.controls.map((c) => [c.name, control(c, entry.settings[c.name], (value) => {
          entry.settings[c.name] = value;
          host.changed();
        }, `${entry.name} `)]),
      );
      const id = unique("card");
      this.heading = h("p", { id, class: "heading" });
      this.remove = button("close", `Remove ${entry.name}`, () => host.remove(entry), { class: "remove" });
      this.trouble = h("p", { class: "trouble", role: "status" });
      const exact = noise && control(
        { name: "noisy gradient", symbol: "noisy gradient", kind: "bool", meaning: "whether the noise is added to its gradient" },
        entry.noisy, (value) => {
          entry.noisy = value;
          host.changed();
        }, "");
      this.rule = h("details", { class: "rule" }, h("summary", {}, "Change the rule"));
      this.rule.addEventListener("toggle", () => this.open(kind, host));
      this.node = h(
        "div", { class: "optimizer", role: "group", "aria-labelledby": id }, h("div", { class: "title" }, this.heading, this.remove),
        kind.companion ? h("p", { class: "companion" }, `Rings on its path: the ${kind.companion}.`) : null,
        h("div", { class: "controls" }, Object.values(this.controls).map((c) => c.node), exact?.node), this.trouble, this.rule,
      );
    }

    open(kind, host) {
      this.node.classList.toggle("editing", this.rule.open);
      if (!this.rule.open || this.editor) return;
      this.editor = new Editor(this.name, kind, (text) => host.edited(this.entry, text));
      const id = unique("beside");
      const box = h("input", { type: "checkbox", id, checked: this.entry.beside, change: () => host.beside(this.entry, box.checked) });
      const tick = h("span", { class: "tick" }, box, h("label", { for: id }, "Show the original's path too"));
      this.rule.append(this.editor.node, h("div", { class: "choices" }, this.editor.restore, tick));
      if (this.entry.source) this.editor.set(this.entry.source);
    }

    /** Bring the card to its run: sign and name; whether it may be removed. */
    show(run, alone) {
      this.heading.replaceChildren(sign(run), h("span", {}, run.label.split(/(?<=[a-z])(?=[A-Z])/).flatMap((part, k) => (k ? [h("wbr"), part] : [part]))));
      this.remove.hidden = alone;
    }
  }

  Object.assign(globalThis.ScratchOptimParts, { Player, Readout, Card });
})();
