// The loss against the step.
(() => {
  const { View, mark, ticks, label, tenTo, clamp } = globalThis.ScratchOptimParts.drawing;

  class LossView extends View {
    constructor(canvas) {
      super(canvas, { left: 46, right: 18, top: 24, bottom: 42 });
    }

    /** Choose the axes for some runs: logarithmic above the minimum, if there is one. Round limits stay calm. */
    scale(runs, steps, minimum) {
      this.least = minimum ?? 0;
      this.log = minimum !== null && minimum !== undefined;
      [this.x0, this.x1] = [0, Math.max(1, steps)];
      let low = Infinity, high = -Infinity;
      for (const { losses, left } of runs) {
        const first = losses[0] - this.least;
        const cap = left === null ? Infinity : this.log ? 100 * first : first + 5 * Math.abs(first) + 1;
        for (const loss of losses) {
          const value = loss - this.least;
          if (!Number.isFinite(value) || (this.log && value <= 1e-16)) continue;
          low = Math.min(low, value);
          high = Math.max(high, Math.min(value, cap));
        }
      }
      if (!(low <= high)) [low, high] = this.log ? [0.1, 1] : [0, 1];
      if (this.log) low = Math.max(low, 1e-8 * high); // one run that reaches 0 shall not press the others into the top
      if (this.log) {
        this.y0 = Math.floor(Math.log10(low) + 1e-9);
        this.y1 = Math.max(Math.ceil(Math.log10(high) - 1e-9), this.y0 + 1);
      } else {
        const marks = ticks(low, high + 1e-9 * (Math.abs(high) + 1), 4);
        const gap = marks.length > 1 ? marks[1] - marks[0] : 1;
        this.y0 = Math.floor(low / gap) * gap;
        this.y1 = Math.max(Math.ceil(high / gap) * gap, this.y0 + gap);
      }
    }

    value(loss) {
      return this.log ? Math.log10(Math.max(loss - this.least, 1e-300)) : loss - this.least;
    }

    draw(runs, look) {
      this.begin(look);
      const { ctx } = this;
      let ys;
      if (this.log) {
        const gap = Math.max(1, Math.ceil((this.y1 - this.y0) / Math.max(2, this.h / 30)));
        const count = Math.floor((this.y1 - this.y0) / gap) + 1;
        ys = Array.from({ length: count }, (_, k) => this.y1 - k * gap).map((y) => [y, tenTo(y)]);
      } else ys = ticks(this.y0, this.y1, Math.max(2, this.h / 40)).map((y) => [y, label(y)]);
      ctx.strokeStyle = look.grid;
      ctx.lineWidth = 1;
      ctx.beginPath();
      for (const [y] of ys) {
        ctx.moveTo(this.left, this.py(y));
        ctx.lineTo(this.left + this.w, this.py(y));
      }
      ctx.stroke();
      const xs = ticks(0, this.x1, Math.max(2, this.w / 70)).filter(Number.isInteger);
      this.axes(look, xs, ys, { x: "step", y: this.least ? "loss above the minimum" : "loss", indent: -38 });
      ctx.save();
      this.clip();
      const at = this.px(look.step);
      ctx.strokeStyle = look.muted;
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.moveTo(at, this.top);
      ctx.lineTo(at, this.top + this.h);
      ctx.stroke();
      for (const { losses, series: s, faded } of runs) {
        ctx.beginPath();
        let pen = false;
        losses.forEach((loss, k) => {
          if (!Number.isFinite(loss)) return void (pen = false);
          ctx[pen ? "lineTo" : "moveTo"](this.px(k), clamp(this.py(this.value(loss)), -1e4, 1e4));
          pen = true;
        });
        ctx.setLineDash(s.dashes.map((n) => n * 2));
        Object.assign(ctx, { strokeStyle: s.color, lineWidth: 2.2, lineCap: s.dashes.length ? "butt" : "round", globalAlpha: faded ? 0.45 : 1 });
        ctx.stroke();
      }
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
      ctx.restore();
      for (const { losses, series: s } of runs) {
        const step = Math.min(look.step, losses.length - 1);
        const y = this.py(this.value(losses[step]));
        if (y >= this.top - 1 && y <= this.top + this.h + 1) {
          mark(ctx, s.marker, this.px(step), y, 5, s.color, look.ground);
        }
      }
    }

    step(x) {
      return clamp(Math.round(((x - this.left) / this.w) * this.x1), 0, this.x1);
    }
  }

  globalThis.ScratchOptimParts.LossView = LossView;
})();
