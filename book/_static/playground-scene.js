// The map and the chart of a playground as the reader sees and touches them: linked by one step, with a start to drag.
(() => {
  const { client, h, show, MapView, LossView } = globalThis.ScratchOptimParts;
  const POINTS = 101; // of the ground, along the longer side of the map

  /** `host` has begin(x, y), which moves the start, go(step), which moves the cursor, and repaint(). */
  class Scene {
    constructor(host) {
      this.host = host;
      this.map = new MapView(h("canvas", { role: "img", class: "map" }));
      this.chart = new LossView(h("canvas", { role: "img", class: "chart" }));
      this.handle = h("button", { type: "button", class: "handle" });
      this.stage = h("div", { class: "stage" }, this.map.canvas, this.handle);
      this.hovered = null;
      this.runs = [];
      this.drag();
      this.look();
      const sizes = new ResizeObserver(() => this.resize());
      sizes.observe(this.stage);
    }

    /** Show a landscape, at first without its ground. */
    place(landscape) {
      this.landscape = landscape;
      this.map.place(landscape);
      this.resize();
    }

    /** Have the values of the landscape computed and shown. */
    async ground(landscape) {
      const [[x0, x1], [y0, y1]] = landscape.box;
      const scale = POINTS / Math.max(x1 - x0, y1 - y0);
      const [nx, ny] = [x1 - x0, y1 - y0].map((side) => Math.max(41, Math.round(side * scale)));
      try {
        const values = await client.map(landscape.name, landscape.box, nx, ny);
        if (this.landscape !== landscape) return;
        this.map.fill(values, nx, ny);
        this.host.repaint();
      } catch { /* without its ground the map still shows the paths */ }
    }

    resize() {
      const width = this.stage.clientWidth;
      if (!width || !this.landscape) return;
      this.map.resize(width);
      const side = this.chart.canvas.parentElement.clientWidth;
      const beside = side < 0.9 * width; // then as tall as the map
      this.chart.resize(side, beside ? Math.max(200, this.map.height) : 210);
      this.host.repaint();
    }

    /** Put the handle where the runs begin. */
    hold({ x, y }) {
      this.start = { x, y };
      this.handle.style.left = `${this.map.px(x)}px`;
      this.handle.style.top = `${this.map.py(y)}px`;
      const label = `Start of the runs at x ${show(x)}, y ${show(y)}. Arrow keys move it, with Shift ten times as far.`;
      if (this.handle.getAttribute("aria-label") !== label) this.handle.setAttribute("aria-label", label);
    }

    /** The start: drag it, press elsewhere on the map to put it there, or move it with the arrow keys. */
    drag() {
      const at = (event) => {
        const frame = this.map.canvas.getBoundingClientRect();
        return [event.clientX - frame.left, event.clientY - frame.top];
      };
      let grip = null;
      this.handle.addEventListener("pointerdown", (event) => {
        const [x, y] = at(event);
        grip = [this.map.px(this.start.x) - x, this.map.py(this.start.y) - y];
        this.handle.setPointerCapture(event.pointerId);
      });
      this.handle.addEventListener("pointermove", (event) => {
        if (!grip) return;
        const [x, y] = at(event);
        this.host.begin(...this.map.point(x + grip[0], y + grip[1]));
      });
      for (const end of ["pointerup", "pointercancel"]) this.handle.addEventListener(end, () => (grip = null));
      this.handle.addEventListener("keydown", (event) => {
        const [side, turn] = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", -1], ArrowUp: ["y", 1] }[event.key] ?? [];
        if (!side) return;
        event.preventDefault();
        const [low, high] = this.landscape.box[side === "x" ? 0 : 1];
        const to = { ...this.start };
        to[side] += ((high - low) / 200) * turn * (event.shiftKey ? 10 : 1);
        this.host.begin(to.x, to.y);
      });
      this.map.canvas.addEventListener("click", (event) => this.host.begin(...this.map.point(...at(event))));
      this.map.canvas.addEventListener("pointermove", (event) => {
        if (event.pointerType === "mouse") this.hover(this.map.step(...at(event), this.runs));
      });
    }

    /** The cursor: hover over a path or the chart to look, press on the chart to put it there. */
    look() {
      const { canvas } = this.chart;
      const along = (event) => this.chart.step(event.clientX - canvas.getBoundingClientRect().left);
      canvas.addEventListener("pointermove", (event) => {
        if (event.buttons && !upwards(event)) this.host.go(along(event));
        else if (event.pointerType === "mouse") this.hover(along(event));
      });
      const put = (event) => {
        this.hovered = null;
        this.host.go(along(event));
      };
      let down = { clientX: 0, clientY: 0 };
      const upwards = ({ pointerType, clientX, clientY }) => // the reader scrolls the page
        pointerType === "touch" && Math.abs(clientX - down.clientX) <= Math.abs(clientY - down.clientY);
      canvas.addEventListener("pointerdown", (event) => {
        down = event;
        if (event.pointerType === "touch") return;
        canvas.setPointerCapture(event.pointerId);
        put(event);
      });
      canvas.addEventListener("click", put);
      for (const one of [canvas, this.map.canvas]) one.addEventListener("pointerleave", () => this.hover(null));
    }

    hover(step) {
      if (step === this.hovered) return;
      this.hovered = step;
      this.host.repaint();
    }

    /** Draw the runs, with the cursor at a step of `last`. */
    draw(runs, state, step, last, dark) {
      this.runs = runs;
      const style = getComputedStyle(this.stage);
      const look = { dark, step, font: style.fontFamily };
      for (const name of ["ink", "muted", "ground", "grid"]) look[name] = style.getPropertyValue(`--play-${name}`).trim();
      this.hold(state);
      this.map.draw(runs, look);
      this.chart.scale(runs, last, this.landscape.minimum);
      this.chart.draw(runs, look);
      const ends = runs.map(({ points, companions, left, series }) => {
        const end = points.length - 2;
        return left === null
          ? `${series.label} ends at (${show(points[end], 3)}, ${show(points[end + 1], 3)})${companions?.length ? ", with rings on its path" : ""}.`
          : `${series.label} leaves the landscape at step ${left}.`;
      });
      const told = `Contour map of ${this.landscape.title} with runs of ${last} steps. ${ends.join(" ")}`;
      if (this.told !== told) this.map.canvas.setAttribute("aria-label", (this.told = told));
      this.chart.canvas.setAttribute("aria-label", "Loss of each run against the step. The table has its numbers at the cursor.");
    }
  }

  globalThis.ScratchOptimParts.Scene = Scene;
})();
