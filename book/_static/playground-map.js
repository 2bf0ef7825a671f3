// The map of a landscape with the paths on it.
(() => {
  const { View, mark, polygon, star, ticks, label, rgb, mix, clamp, CHANGED } = globalThis.ScratchOptimParts.drawing;
  const TERRAIN = { // as in the book's figures (scratchoptim/maps.py), and its night
    light: ["#fffdf2", "#ebeee6", "#cfd9dc", "#b1c0cc", "#93a4b8"],
    dark: ["#11151b", "#1a212a", "#26303c", "#334150", "#425366"],
  };
  const LEVELS = 20;

  /** The colour of a terrain at t from 0 (low) to 1 (high). */
  function shade(stops, t) {
    const at = clamp(t, 0, 1) * (stops.length - 1);
    const k = Math.min(Math.floor(at), stops.length - 2);
    return mix(rgb(stops[k]), rgb(stops[k + 1]), at - k);
  }

  /** The map of a landscape with the paths on it. */
  class MapView extends View {
    constructor(canvas) {
      super(canvas, { left: 34, right: 8, top: 8, bottom: 24 });
      this.ground = document.createElement("canvas");
    }

    /** Show a landscape; its values come later, by paint(). */
    place(landscape) {
      this.landscape = landscape;
      [[this.x0, this.x1], [this.y0, this.y1]] = landscape.box;
      this.values = this.painted = null;
    }

    /** Take the values of the landscape on nx by ny points, from the lowest row. */
    fill(values, nx, ny) {
      Object.assign(this, { values, nx, ny, painted: null, edges: levels(values, this.landscape) });
    }

    resize(width) {
      if (!this.landscape) return super.resize(width, width);
      const [[x0, x1], [y0, y1]] = this.landscape.box;
      const ratio = (y1 - y0) / (x1 - x0);
      const { left, right, top, bottom } = this.margin;
      super.resize(width, top + bottom + (width - left - right) * (ratio >= 0.35 && ratio <= 1.1 ? ratio : 0.7));
    }

    /** Paint bands of the loss, once for a size and a colour mode; their edges are smoothed. */
    terrain(look) {
      const wanted = [this.canvas.width, this.canvas.height, look.dark].join();
      if (!this.values || this.painted === wanted) return;
      this.painted = wanted;
      const [width, height] = [this.w, this.h].map((n) => Math.max(1, Math.round(n * this.dots)));
      const field = magnify(this.values, this.nx, this.ny, width, height);
      const stops = TERRAIN[look.dark ? "dark" : "light"];
      const colors = this.edges.map((_, k) => shade(stops, k / (LEVELS - 1)));
      Object.assign(this.ground, { width, height });
      const ctx = this.ground.getContext("2d");
      const image = ctx.createImageData(width, height);
      const pack = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r;
      const pixels = new Int32Array(image.data.buffer);
      const packed = colors.map(pack);
      const { edges } = this;
      for (let j = 0, k = 0, at = 0; j < height; j++) {
        for (let i = 0; i < width; i++, at++) {
          const value = field[at];
          while (k > 0 && value < edges[k - 1]) k -= 1;
          while (k < LEVELS - 1 && !(value < edges[k])) k += 1;
          // How far, in pixels, to the next band above: within one pixel the two are mixed.
          const right = (i + 1 < width ? field[at + 1] : value) - value;
          const below = (j + 1 < height ? field[at + width] : value) - value;
          const gap = (edges[k] - value) / Math.sqrt(right * right + below * below);
          pixels[at] = k < LEVELS - 1 && gap < 1 ? pack(mix(colors[k], colors[k + 1], 1 - gap)) : packed[k];
        }
      }
      ctx.putImageData(image, 0, 0);
    }

    /** Draw the runs, each {points, left, series, faded}, up to look.step; `look` has the colours of the page too. */
    draw(runs, look) {
      this.begin(look);
      this.terrain(look);
      const { ctx } = this;
      ctx.fillStyle = TERRAIN[look.dark ? "dark" : "light"][1];
      ctx.fillRect(this.left, this.top, this.w, this.h);
      if (this.values) ctx.drawImage(this.ground, this.left, this.top, this.w, this.h);
      const ys = ticks(this.y0, this.y1, Math.max(3, this.h / 70)).map((y) => [y, label(y)]);
      this.axes(look, ticks(this.x0, this.x1, Math.max(3, this.w / 80)), ys, {});
      ctx.save();
      this.clip();
      for (const [x, y] of this.landscape.minima ?? []) {
        mark(ctx, star, this.px(x), this.py(y), 9, look.dark ? "#f5f1dc" : "#ffffff", look.dark ? "#11151b" : "#1b1f24");
      }
      for (const run of runs) this.path(run, look);
      ctx.restore();
      for (const run of runs) this.head(run, look);
    }

    path({ points, companions = [], series: s, faded }, look) {
      const { ctx } = this;
      const count = points.length / 2;
      const step = Math.min(look.step, count - 1);
      const pixel = (k) => [this.px(points[2 * k]), this.py(points[2 * k + 1])].map((z) => clamp(z, -1e5, 1e5));
      const line = (from, to) => {
        ctx.beginPath();
        for (let k = from; k <= to; k++) {
          const [x, y] = pixel(k);
          if (Number.isNaN(x + y)) break;
          ctx[k > from ? "lineTo" : "moveTo"](x, y);
        }
      };
      const stroke = (width, color, alpha) => {
        Object.assign(ctx, { lineWidth: width, strokeStyle: color, globalAlpha: alpha });
        ctx.stroke();
      };
      if (step < count - 1) {
        line(step, count - 1);
        stroke(1.5, s.color, 0.35);
      }
      line(0, step);
      stroke(4.4, look.ground, faded ? 0.4 : 0.85);
      if (s.dashes === CHANGED) ctx.setLineDash([5, 4]);
      stroke(2.2, s.color, faded ? 0.45 : 1);
      ctx.setLineDash([]);
      if (step <= 150 && !faded) {
        ctx.fillStyle = s.color;
        ctx.beginPath();
        for (let k = 0; k <= step; k++) {
          const [x, y] = pixel(k);
          ctx.moveTo(x + 2.4, y);
          ctx.arc(x, y, 2.4, 0, 2 * Math.PI);
        }
        ctx.fill();
      }
      ctx.globalAlpha = faded ? 0.45 : 1;
      this.companions(companions, step, s, look);
      ctx.globalAlpha = 1;
    }

    /** Rings where the companions of a path have been up to a step, such as slow weights, and the line that joins them. */
    companions(points, step, { color }, look) {
      const { ctx } = this;
      const stops = [];
      for (let k = 0; k <= step && 2 * k < points.length; k++) {
        if (k && points[2 * k] === points[2 * k - 2] && points[2 * k + 1] === points[2 * k - 1]) continue;
        const stop = [this.px(points[2 * k]), this.py(points[2 * k + 1])].map((z) => clamp(z, -1e5, 1e5));
        if (Number.isNaN(stop[0] + stop[1])) break;
        stops.push(stop);
      }
      if (stops.length < 2) return;
      ctx.beginPath();
      stops.forEach(([x, y], k) => ctx[k ? "lineTo" : "moveTo"](x, y));
      Object.assign(ctx, { lineWidth: 1.4, strokeStyle: look.ink });
      ctx.stroke();
      Object.assign(ctx, { lineWidth: 2, strokeStyle: color, fillStyle: look.ground });
      for (const [x, y] of stops.slice(1)) {
        ctx.beginPath();
        ctx.arc(x, y, 3.8, 0, 2 * Math.PI);
        ctx.fill();
        ctx.stroke();
      }
    }

    /** The marker at the cursor, or an arrow at the edge through which the run has left. */
    head({ points, series: s, faded }, look) {
      const step = Math.min(look.step, points.length / 2 - 1);
      const [x, y] = [points[2 * step], points[2 * step + 1]];
      if (x >= this.x0 && x <= this.x1 && y >= this.y0 && y <= this.y1) {
        this.ctx.globalAlpha = faded ? 0.5 : 1;
        mark(this.ctx, s.marker, this.px(x), this.py(y), 6, s.color, look.ground);
        this.ctx.globalAlpha = 1;
        return;
      }
      let k = step;
      const inside = (n) =>
        points[2 * n] >= this.x0 && points[2 * n] <= this.x1 && points[2 * n + 1] >= this.y0 && points[2 * n + 1] <= this.y1;
      while (k > 0 && !inside(k - 1)) k -= 1;
      if (!k) return;
      const [ax, ay] = [this.px(points[2 * k - 2]), this.py(points[2 * k - 1])];
      const [bx, by] = [this.px(points[2 * k]), this.py(points[2 * k + 1])].map((z) => clamp(z, -1e5, 1e5));
      if (Number.isNaN(bx + by)) return;
      const right = this.left + this.w, bottom = this.top + this.h;
      const share = [[bx - ax, (bx > ax ? right : this.left) - ax], [by - ay, (by > ay ? bottom : this.top) - ay]];
      const t = Math.min(...share.map(([whole, part]) => (whole ? part / whole : Infinity)), 1);
      const [ex, ey] = [ax + t * (bx - ax), ay + t * (by - ay)];
      const gaps = [[ex - this.left, -Math.PI / 2], [right - ex, Math.PI / 2], [ey - this.top, 0], [bottom - ey, Math.PI]];
      const turn = gaps.reduce((a, b) => (b[0] < a[0] ? b : a))[1];
      mark(this.ctx, polygon(3, turn, 1.2), ex, ey, 7, s.color, look.ground);
    }

    /** The step whose point is nearest to (x, y), in CSS pixels of the canvas, if it is near. */
    step(x, y, runs) {
      let best = 20 ** 2, found = null;
      for (const { points } of runs) {
        for (let k = 0; 2 * k < points.length; k++) {
          const distance = (this.px(points[2 * k]) - x) ** 2 + (this.py(points[2 * k + 1]) - y) ** 2;
          if (distance < best) [best, found] = [distance, k];
        }
      }
      return found;
    }

    /** The point of the plane at (x, y), in CSS pixels of the canvas, kept in the box. */
    point(x, y) {
      const inX = clamp((x - this.left) / this.w, 0, 1), inY = clamp((y - this.top) / this.h, 0, 1);
      return [this.x0 + inX * (this.x1 - this.x0), this.y1 - inY * (this.y1 - this.y0)];
    }
  }

  /** Edges of the bands, as scratchoptim/maps.py sets them. */
  function levels(values, landscape) {
    const finite = values.filter(Number.isFinite).sort();
    const high = finite[finite.length - 1];
    const low = Math.min(finite[0], landscape.minimum ?? Infinity);
    const rise = finite.map((v) => v - low);
    const last = rise[rise.length - 1];
    const share = (k) => (k + 1) / LEVELS;
    const known = landscape.minima?.length;
    const least = Math.max(rise[Math.floor(rise.length / 1000)], 1e-6 * last);
    const edge =
      known && rise[Math.floor(rise.length / 2)] < 0.3 * last ? (k) => least * (last / least) ** share(k)
      : known ? (k) => last * share(k)
      : (k) => rise[Math.round((rise.length - 1) * share(k))];
    const edges = Array.from({ length: LEVELS }, (_, k) => low + edge(k));
    edges[LEVELS - 1] = high + 1e-9 * (Math.abs(high) + 1);
    return edges;
  }

  /** Values on a grid at every pixel, from the top row, by cubic interpolation. */
  function magnify(values, nx, ny, width, height) {
    const weights = (n, size) =>
      Array.from({ length: size }, (_, i) => {
        const at = ((i + 0.5) / size) * (n - 1);
        const k = clamp(Math.floor(at), 0, n - 2), t = at - k;
        const w = [t * (t * (2 - t) - 1), t * t * (3 * t - 5) + 2, t * (t * (4 - 3 * t) + 1), t * t * (t - 1)];
        return { at: [-1, 0, 1, 2].map((d) => clamp(k + d, 0, n - 1)), w: w.map((v) => v / 2) };
      });
    const across = weights(nx, width), along = weights(ny, height).reverse();
    const rows = new Float32Array(ny * width);
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < width; i++) {
        const { at, w } = across[i];
        const row = j * nx;
        rows[j * width + i] =
          w[0] * values[row + at[0]] + w[1] * values[row + at[1]] + w[2] * values[row + at[2]] + w[3] * values[row + at[3]];
      }
    }
    const field = new Float32Array(width * height);
    for (let j = 0; j < height; j++) {
      const { at, w } = along[j];
      const [a, b, c, d] = at.map((k) => k * width);
      for (let i = 0; i < width; i++) {
        field[j * width + i] = w[0] * rows[a + i] + w[1] * rows[b + i] + w[2] * rows[c + i] + w[3] * rows[d + i];
      }
    }
    return field;
  }

  globalThis.ScratchOptimParts.MapView = MapView;
})();
