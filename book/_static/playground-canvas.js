// What the pictures of a playground have in common: a canvas with axes, and how runs are told apart. A view has
// resize(width, height), draw(runs, look) and step(...), the step that a place on it stands for.
(() => {
  // Colours, markers and dashes, and who has which, as in scratchoptim/canvas.py.
  const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1b1f24"];
  const OWN = 4; // the first marker and dashes of what is not in the catalog
  const DASHES = [
    [], [6, 2], [2, 1.5], [7, 2, 1.5, 2], [10, 3], [4, 1.5, 1.5, 1.5, 1.5, 1.5], [1, 1], [3, 3], [12, 2, 3, 2], [8, 5],
    [5, 1.5, 1.5, 1.5, 5, 4],
  ];
  const CHANGED = [3, 3]; // the dashes of a rule that the reader has changed
  const NICE = [1, 2, 2.5, 5, 10];

  const polygon = (n, turn, radius = 1) =>
    Array.from({ length: n }, (_, k) => {
      const angle = turn + (2 * Math.PI * k) / n;
      return [radius * Math.sin(angle), -radius * Math.cos(angle)];
    });
  const star = polygon(5, 0, 1.25).flatMap((p, k) => [p, polygon(5, Math.PI / 5, 0.5)[k]]);
  const plus = [[-1, -0.35], [-0.35, -0.35], [-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35]];
  const cross = [...plus, ...plus.map(([x, y]) => [-x, -y])];
  /** Outlines of radius 1: o s ^ D v P X p < >. */
  const MARKERS = [
    polygon(24, 0), polygon(4, Math.PI / 4, 1.2), polygon(3, 0, 1.2), polygon(4, 0, 1.15), polygon(3, Math.PI, 1.2),
    cross, cross.map(([x, y]) => [(x - y) * 0.75, (x + y) * 0.75]), polygon(5, 0, 1.1),
    polygon(3, -Math.PI / 2, 1.2), polygon(3, Math.PI / 2, 1.2),
  ];

  const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
  const hex = (parts) => `#${parts.map((c) => Math.round(c).toString(16).padStart(2, "0")).join("")}`;
  const mix = (a, b, t) => a.map((c, k) => c + (b[k] - c) * t);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  /** The palette, beginning with what differs most from the colours here and is no optimizer's. */
  function free(catalog, here) {
    const taken = new Set(catalog.map((o) => o.color.toLowerCase()));
    const gap = (color) => Math.min(...here.map((other) => rgb(color).reduce((sum, c, k) => sum + (c - rgb(other)[k]) ** 2, 0)));
    const left = PALETTE.filter((color) => !here.includes(color));
    return left.sort((a, b) => taken.has(a) - taken.has(b) || (here.length ? gap(b) - gap(a) : 0));
  }

  /** Look of each run: a colour, a marker and dashes of its own; runs of one rule from dark to light. */
  function series(runs, catalog, dark) {
    const row = (name) => catalog.findIndex((o) => o.name === name);
    const names = [...new Set(runs.map(({ name }) => name))];
    const present = names.map(row).filter((at) => at >= 0);
    const cues = present.map((at) => catalog[at].cue);
    const others = names.filter((name) => row(name) < 0);
    const colors = free(catalog, present.map((at) => catalog[at].color.toLowerCase()));
    const alike = (a, b) => (a - b) % MARKERS.length === 0 || (a - b) % DASHES.length === 0;
    const taken = [];
    return runs.map(({ name, label }, i) => {
      const known = row(name);
      const turnOfOthers = others.indexOf(name);
      let cue = known < 0 ? OWN + turnOfOthers : catalog[known].cue;
      const avoid = known < 0 ? [...taken, ...cues] : taken;
      while (avoid.some((other) => alike(cue, other))) cue += 1;
      taken.push(cue);
      const same = runs.filter((run) => run.name === name).length;
      const turn = runs.slice(0, i).filter((run) => run.name === name).length;
      let color = rgb(known < 0 ? colors[turnOfOthers % colors.length] : catalog[known].color);
      if (same > 1) {
        const t = turn / (same - 1);
        color = t < 0.5 ? mix(color, [0, 0, 0], 0.5 * (1 - 2 * t)) : mix(color, [255, 255, 255], 0.35 * (2 * t - 1));
      }
      if (dark) color = mix(color, [255, 255, 255], 0.4);
      const marker = MARKERS[cue % MARKERS.length];
      return { label, color: hex(color), marker, dashes: DASHES[cue % DASHES.length], cue };
    });
  }

  /** The colour of a changed rule beside that of the original. */
  const apart = (color, dark) => hex(mix(rgb(color), dark ? [255, 255, 255] : [0, 0, 0], 0.5));

  /** Numbers to mark on an axis. */
  function ticks(low, high, most) {
    const raw = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(raw));
    const gap = NICE.map((n) => n * power).find((n) => n >= raw * (1 - 1e-9));
    const first = Math.ceil(low / gap - 1e-9);
    const count = Math.floor(high / gap + 1e-9) - first + 1;
    return Array.from({ length: count }, (_, k) => Number(((first + k) * gap).toPrecision(12)));
  }

  const SUPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  const label = (value) => String(value).replace("-", "−");
  const tenTo = (power) => (power >= -1 && power <= 3 ? String(10 ** power) : `10${[...String(power)].map((c) => SUPER[c]).join("")}`);

  function outline(ctx, points, x, y, size) {
    ctx.beginPath();
    points.forEach(([a, b], k) => ctx[k ? "lineTo" : "moveTo"](x + size * a, y + size * b));
    ctx.closePath();
  }

  function mark(ctx, points, x, y, size, fill, edge, width = 1.2) {
    outline(ctx, points, x, y, size);
    ctx.fillStyle = fill;
    ctx.fill();
    ctx.strokeStyle = edge;
    ctx.lineWidth = width;
    ctx.stroke();
  }

  /** A canvas with a plot in it; what both views have in common. */
  class View {
    constructor(canvas, margin) {
      this.canvas = canvas;
      this.ctx = canvas.getContext("2d");
      this.margin = margin;
      this.resize(300, 200);
    }

    resize(width, height) {
      const { left, right, top, bottom } = this.margin;
      this.dots = Math.min(globalThis.devicePixelRatio || 1, 3);
      [this.canvas.width, this.canvas.height] = [Math.round(width * this.dots), Math.round(height * this.dots)];
      this.canvas.style.height = `${height}px`;
      Object.assign(this, { width, height, left, top, w: width - left - right, h: height - top - bottom });
    }

    /** Begin a drawing: everything is in CSS pixels. */
    begin(look) {
      this.ctx.setTransform(this.dots, 0, 0, this.dots, 0, 0);
      this.ctx.clearRect(0, 0, this.width, this.height);
      this.ctx.font = `12px ${look.font}`;
      this.ctx.lineJoin = this.ctx.lineCap = "round";
    }

    px(x) {
      return this.left + (this.w * (x - this.x0)) / (this.x1 - this.x0);
    }

    py(y) {
      return this.top + (this.h * (this.y1 - y)) / (this.y1 - this.y0);
    }

    /** The numbers at the axes; xs are values or, like ys, [value, text]. */
    axes(look, xs, ys, name) {
      const { ctx } = this;
      ctx.fillStyle = look.muted;
      ctx.textAlign = "center";
      ctx.textBaseline = "top";
      for (const [x, text] of xs.map((one) => (Array.isArray(one) ? one : [one, label(one)]))) ctx.fillText(text, this.px(x), this.top + this.h + 6);
      ctx.textAlign = "right";
      ctx.textBaseline = "middle";
      for (const [y, text] of ys) ctx.fillText(text, this.left - 7, this.py(y));
      ctx.fillStyle = look.ink;
      ctx.textBaseline = "bottom";
      ctx.textAlign = "center";
      if (name.x) ctx.fillText(name.x, this.left + this.w / 2, this.height - 4);
      ctx.textAlign = "left";
      if (name.y) ctx.fillText(name.y, this.left + (name.indent ?? 0), this.top - 6);
    }

    clip() {
      this.ctx.beginPath();
      this.ctx.rect(this.left, this.top, this.w, this.h);
      this.ctx.clip();
    }
  }

  const drawing = { View, mark, polygon, star, ticks, label, tenTo, rgb, mix, clamp, apart, CHANGED };
  Object.assign(globalThis.ScratchOptimParts, { drawing, series });
})();
