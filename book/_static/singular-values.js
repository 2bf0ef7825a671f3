// <singular-values>: what the Newton-Schulz iteration makes of singular values. Python computes the numbers, the limits of
// the axes and the sentences (scratchoptim/spectrum.py); here they are drawn.
(() => {
  const { client, Live, Link, h, control, show, unique, drawing } = globalThis.ScratchOptimParts;
  const { View, mark, polygon, ticks, tenTo, clamp } = drawing;
  const DOT = polygon(16, 0);
  const TALL = 300; // px
  const QUIET = 800; // ms without change until a screen reader is told
  const FIRST = 1e-2; // where the reader's own singular value stands at first
  const LETTERS = ["a", "b", "c"];

  const svg = (tag, attributes, ...children) => h(`svg:${tag}`, attributes, ...children);

  /** A chart whose axes may be logarithmic; then its limits are decimal logarithms. */
  class Plot extends View {
    constructor(canvas) {
      super(canvas, { left: 46, right: 14, top: 24, bottom: 42 });
    }

    /** Powers of ten from the lower to the upper limit, with at most so many numbers. */
    powers(low, high, most) {
      const [first, last] = [Math.ceil(low - 1e-9), Math.floor(high + 1e-9)];
      const gap = Math.max(1, Math.ceil((last - first + 1) / most));
      const count = Math.floor((last - first) / gap) + 1;
      return Array.from({ length: count }, (_, k) => last - k * gap).map((power) => [power, tenTo(power)]);
    }

    grid(look, xs, ys, name) {
      const { ctx } = this;
      ctx.strokeStyle = look.grid;
      ctx.lineWidth = 1;
      ctx.beginPath();
      for (const [x] of xs) ctx.moveTo(this.px(x), this.top), ctx.lineTo(this.px(x), this.top + this.h);
      for (const [y] of ys) ctx.moveTo(this.left, this.py(y)), ctx.lineTo(this.left + this.w, this.py(y));
      ctx.stroke();
      this.axes(look, xs, ys, { indent: 0, ...name });
    }

    /** The line 1, to which all singular values shall come. */
    goal(look, at) {
      const { ctx } = this;
      ctx.setLineDash([6, 4]);
      Object.assign(ctx, { strokeStyle: look.ink, lineWidth: 1.3 });
      ctx.beginPath();
      ctx.moveTo(this.left, this.py(at));
      ctx.lineTo(this.left + this.w, this.py(at));
      ctx.stroke();
      ctx.setLineDash([]);
    }
  }

  const texts = (values) => values.map((value) => [value, String(value).replace("-", "−")]);

  /** The output against the singular value that goes in, after each number of iterations. */
  class CurveView extends Plot {
    draw({ s, curves, divided, after, box, band }, { log, probe }, look) {
      this.begin(look);
      const { ctx } = this;
      this.log = log;
      [this.x0, this.x1] = log ? [Math.log10(s[0]), 0.02] : [0, 1.02];
      [this.y0, this.y1] = box;
      const xs = log ? this.powers(this.x0, 0, Math.max(2, this.w / 55)) : texts(ticks(0, 1, Math.max(2, this.w / 60)));
      const ys = texts(ticks(...box, Math.max(2, this.h / 38)));
      ctx.fillStyle = look.band;
      const [left, right] = [0.01, 1].map((value) => this.px(this.at(value)));
      if (band) ctx.fillRect(left, this.py(band[1]), right - left, this.py(band[0]) - this.py(band[1]));
      this.grid(look, xs, ys, { x: "singular value s, divided by the norm", y: "output" });
      ctx.save();
      this.clip();
      this.goal(look, 1);
      ctx.strokeStyle = look.muted;
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(this.px(this.at(s[probe])), this.top);
      ctx.lineTo(this.px(this.at(s[probe])), this.top + this.h);
      ctx.stroke();
      const last = curves.length - 1;
      curves.forEach((curve, k) => {
        Object.assign(ctx, { strokeStyle: look.curve, lineWidth: k < last ? 1.1 : 2.4, globalAlpha: k < last ? 0.35 + (0.35 * k) / last : 1 });
        this.line(s, curve);
      });
      ctx.globalAlpha = 1;
      divided.forEach((x, i) => x > 0 && this.shown(after[i]) && mark(ctx, DOT, this.px(this.at(x)), this.py(after[i]), 3, look.values, look.ground, 0.8));
      curves.forEach((curve) => this.shown(curve[probe]) && mark(ctx, DOT, this.px(this.at(s[probe])), this.py(curve[probe]), 3.4, look.ground, look.ink, 1.3));
      ctx.restore();
    }

    at(value) {
      return this.log ? Math.log10(value) : value;
    }

    shown(y) {
      return y >= this.y0 && y <= this.y1;
    }

    line(s, curve) {
      const { ctx } = this;
      ctx.beginPath();
      let pen = false;
      s.forEach((x, i) => {
        if (Number.isNaN(curve[i])) return void (pen = false);
        ctx[pen ? "lineTo" : "moveTo"](this.px(this.at(x)), clamp(this.py(curve[i]), -1e4, 1e4));
        pen = true;
      });
      ctx.stroke();
    }

    /** The singular value for which a place on the canvas stands. */
    value(x) {
      const z = this.x0 + ((x - this.left) / this.w) * (this.x1 - this.x0);
      return this.log ? 10 ** z : z;
    }
  }

  /** The singular values in order, before and after. */
  class ValuesView extends Plot {
    draw({ before, after, decades }, look) {
      this.begin(look);
      const { ctx } = this;
      [this.x0, this.x1] = [0, before.length + 1];
      [this.y0, this.y1] = [decades[0] - 0.1, decades[1] + 0.1];
      const ys = this.powers(...decades, Math.max(2, this.h / 30));
      const xs = texts(ticks(0, before.length, Math.max(2, this.w / 60)).filter((x) => x > 0 && Number.isInteger(x)));
      this.grid(look, xs, ys, { x: "number of the singular value", y: "singular value" });
      ctx.save();
      this.clip();
      this.goal(look, 0);
      const size = clamp((0.36 * this.w) / before.length, 1.6, 4.2);
      before.forEach((y, i) => y > 0 && mark(ctx, DOT, this.px(i + 1), this.py(Math.log10(y)), size, look.ground, look.muted, 1.3));
      after.forEach((y, i) => y && Number.isFinite(y) && mark(ctx, DOT, this.px(i + 1), this.py(Math.log10(Math.abs(y))), size, look.values, look.ground, 0.6));
      ctx.restore();
    }
  }

  class SingularValues extends Live {
    connectedCallback() {
      if (this.watch) return;
      super.connectedCallback();
      this.link("singular-values");
    }

    async become() {
      await client.ready();
      this.build();
      this.reset(this.addressed());
      await this.answering;
      if (!this.traced) throw new Error(this.failed);
      this.appear();
      this.resize();
    }

    // --- what stands on the page

    build() {
      const { controls, sets } = this.description;
      const change = (name) => (value) => {
        this.state[name] = value;
        this.refresh();
      };
      this.controls = new Map(controls.map((c) => [c.name, control(c, c.value, change(c.name), "")]));
      const log = { name: "log", symbol: "logarithmic axis of s", kind: "bool", meaning: "powers of ten on the axis of s", value: this.description.log };
      this.controls.set("log", control({ ...log, name: "logarithmic axis of s" }, log.value, change("log"), ""));
      this.buttons = sets.map(({ name, values }) => h("button", { type: "button", click: () => this.take(values) }, name));
      this.notes = h("div", { class: "notes", role: "status" });
      const canvas = (name) => h("canvas", { class: name, role: "img", "aria-label": "" });
      this.curves = new CurveView(canvas("curves"));
      this.values = new ValuesView(canvas("values"));
      this.said = h("p", { class: "said" });
      this.told = h("p", { class: "unseen", "aria-live": "polite" });
      const id = unique("probe");
      this.slider = h("input", { type: "range", id, min: 0, max: 1, step: 1, input: () => this.point(Number(this.slider.value)) });
      this.path = h("p", { class: "path" });
      this.rows = [h("tbody", {}), h("tbody", {})];
      const table = (caption, heads, rows) => h(
        "div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption },
        h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))), rows));
      this.live = h(
        "div", { class: "live" },
        h("div", { class: "bar" },
          h("div", { class: "sets", role: "group", "aria-label": "Coefficients with a name" }, h("span", { "aria-hidden": "true" }, "Coefficients"), this.buttons),
          h("span", { class: "actions" },
            h("button", { type: "button", click: () => this.reset() }, "Reset"),
            h("button", { type: "button", click: () => this.share() }, "Copy link"))),
        this.notes,
        h("div", { class: "views" },
          h("div", { class: "view left" }, this.curves.canvas,
            this.key([["curve", "after all iterations"], ["faint", "after fewer"], ["goal", "goal"], ["band", "outputs of 0.01 to 1"], ["after", "the matrix"]]),
            h("div", { class: "probe" }, h("label", { for: id }, "one value ", h("i", {}, "s")), this.slider), this.path),
          h("div", { class: "controls" }, [...this.controls.values()].map(({ node }) => node)),
          h("div", { class: "view right" }, this.values.canvas, this.key([["before", "before"], ["after", "after"], ["goal", "goal"]]))),
        this.said, this.told,
        h("details", { class: "numbers" }, h("summary", {}, "All numbers"),
          h("div", { class: "tables" },
            table("Outputs of singular values from 0.01 to 1", ["Iterations", "Smallest", "Largest", "Slope at 0"], this.rows[0]),
            table("The singular values of the matrix", ["Number", "Before", "By the norm", "After"], this.rows[1]))),
      );
      this.append(this.live);
      const follow = (event) => {
        const { left } = this.curves.canvas.getBoundingClientRect();
        this.near(this.curves.value(event.clientX - left));
      };
      this.curves.canvas.addEventListener("pointermove", follow);
      this.curves.canvas.addEventListener("pointerdown", follow);
      new ResizeObserver(() => this.resize()).observe(this.live);
      new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    }

    /** What the lines and dots of a chart mean. */
    key(items) {
      const line = (look) => svg("path", { d: "M0 7h26", fill: "none", ...look });
      const dot = (look) => svg("circle", { cx: 13, cy: 7, r: 4, ...look });
      const curve = "var(--spectrum-curve)";
      const signs = {
        curve: () => line({ stroke: curve, "stroke-width": 2.4 }), faint: () => line({ stroke: curve, "stroke-width": 1.1, opacity: 0.6 }),
        goal: () => line({ stroke: "var(--play-ink)", "stroke-width": 1.3, "stroke-dasharray": "6 4" }),
        band: () => svg("rect", { x: 0, y: 1, width: 26, height: 12, fill: "var(--spectrum-band)" }),
        before: () => dot({ fill: "none", stroke: "var(--play-muted)", "stroke-width": 1.4 }), after: () => dot({ fill: "var(--spectrum-values)" }),
      };
      return h("ul", { class: "key", "aria-hidden": "true" }, items.map(([name, text]) =>
        h("li", {}, svg("svg", { viewBox: "0 0 26 14" }, signs[name]()), text)));
    }

    say(lines) {
      this.notes.replaceChildren(...lines.map((line) => h("p", {}, line)));
    }

    // --- what the reader does

    /** Go back to the initial settings, or to those of the link. */
    reset(linked = false) {
      this.state = { ...Object.fromEntries(this.description.controls.map(({ name, value }) => [name, value])), log: this.description.log };
      const problems = linked ? this.read(location.hash.slice(1)) : [];
      this.say(problems);
      this.probe = FIRST;
      this.set();
    }

    /** Take over what a link says; return what was wrong in it. */
    read(fragment) {
      const link = new Link(fragment, this.id, Object.keys(this.state));
      for (const { name, kind, low, high } of this.description.controls) {
        if (link.words.has(name)) this.state[name] = link.number(name, link.words.get(name), low, high, kind === "integer", this.state[name]);
      }
      if (link.words.has("log")) this.state.log = link.truth("log", link.words.get("log"), this.state.log);
      return link.problems;
    }

    share() {
      this.copy(`${this.id}?${new URLSearchParams(this.state)}`);
    }

    take(values) {
      LETTERS.forEach((name, i) => (this.state[name] = values[i]));
      this.set();
    }

    /** Move the controls to the state. */
    set() {
      for (const [name, { set }] of this.controls) set(this.state[name]);
      this.refresh();
    }

    /** Ask Python; of questions that come quickly only the newest is answered. */
    refresh() {
      this.answering = this.ask();
    }

    async ask() {
      const { values, matrix, eps, sets } = this.description;
      const { log, ...settings } = this.state;
      this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", sets[i].values.every((value, k) => value === settings[LETTERS[k]])));
      const answer = await client.run(this.id, { ...settings, values, matrix, eps }, false, "spectrum");
      if (answer.old) return;
      if (answer.numbers) this.receive(answer);
      else this.say([`This could not be computed: ${(this.failed = answer.failed ?? "it took too long")}`]);
      this.answered = performance.now();
      this.paint();
    }

    /** Cut the numbers of an answer into the curves and the singular values. */
    receive(answer) {
      const { numbers, points: n, matrix: m, ns_steps: steps } = answer;
      const curves = Array.from({ length: steps + 1 }, (_, k) => numbers.subarray(n * k, n * (k + 1)));
      const [before, divided, after] = [0, 1, 2].map((k) => numbers.subarray(n * (steps + 1) + m * k, n * (steps + 1) + m * (k + 1)));
      const [s, outputs] = [curves[0], curves[steps]];
      const told = answer.rows[steps].slice(0, 2).includes("unbounded") ? null : outputs.filter((_, i) => s[i] >= 0.01);
      this.traced = { ...answer, s, curves, before, divided, after, band: told && [Math.min(...told), Math.max(...told)] };
      this.slider.max = n - 1;
      this.near(this.probe);
    }

    /** Let the reader's own singular value be the nearest of those that were computed. */
    near(value) {
      if (!this.traced) return;
      const { s } = this.traced;
      const place = s.findIndex((one) => one >= value);
      const above = place < 0 ? s.length - 1 : place;
      this.point(above && value - s[above - 1] < s[above] - value ? above - 1 : above, value);
    }

    point(index, value) {
      const { s } = this.traced;
      this.index = index;
      this.probe = value ?? s[index];
      this.slider.value = index;
      this.slider.setAttribute("aria-valuetext", show(s[index], 3));
      this.paint();
    }

    // --- pictures

    resize() {
      for (const view of [this.curves, this.values]) {
        const width = view.canvas.parentElement.clientWidth;
        if (width) view.resize(width, TALL);
      }
      this.paint();
    }

    draw() {
      const style = getComputedStyle(this);
      const look = { font: style.fontFamily };
      for (const name of ["ink", "muted", "ground", "grid"]) look[name] = style.getPropertyValue(`--play-${name}`).trim();
      for (const name of ["curve", "values", "band"]) look[name] = style.getPropertyValue(`--spectrum-${name}`).trim();
      const { said, s, curves, rows, before, divided, after } = this.traced;
      this.curves.draw(this.traced, { log: this.state.log, probe: this.index }, look);
      this.values.draw(this.traced, look);
      const outputs = curves.slice(1).map((curve) => show(curve[this.index], 3));
      this.path.textContent = `s = ${[show(s[this.index], 3), ...outputs].join(" → ")}`;
      if (this.said.textContent === said) return;
      this.said.textContent = said;
      this.curves.canvas.setAttribute("aria-label", `The output against the singular value s, after each number of iterations. ${said}`);
      this.values.canvas.setAttribute("aria-label", "The singular values of the matrix in order, before and after. The table has their numbers.");
      clearTimeout(this.telling);
      this.telling = setTimeout(() => (this.told.textContent = said), QUIET);
      const row = ([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, String(first)), rest.map((text) => h("td", {}, text)));
      this.rows[0].replaceChildren(...rows.map((texts, k) => row([k, ...texts])));
      this.rows[1].replaceChildren(...Array.from(before, (value, i) => row([i + 1, show(value), show(divided[i]), show(after[i])])));
    }
  }

  customElements.define("singular-values", SingularValues);
})();
