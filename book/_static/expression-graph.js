// <expression-graph>: a formula as a graph, to be stepped through. Python computes the graph, its numbers, its layout and
// its sentences (scratchoptim/graph.py); here they are drawn.
(() => {
  const { client, Live, h, button, icon, control, unique } = globalThis.ScratchOptimParts;
  const NODE = { tall: 62, least: 108, letter: 7.25, small: 26 }; // px
  const GAP = { along: 58, most: 92, upright: 52, between: 14 }; // px between layers, and beside one another
  const SMALLEST = 0.8; // what is wider than the page at this scale is scrolled
  const PACE = 1500; // ms for each step
  const PAUSE = 250; // ms after the last key until the formula is read
  const QUIET = 800; // ms without change until a screen reader is told

  const svg = (tag, attributes, ...children) => h(`svg:${tag}`, attributes, ...children);

  /** Buttons and a slider for the steps. Calls move(step), or move(null) for the end. */
  class Steps {
    constructor(move) {
      this.move = move;
      const id = unique("step");
      this.slider = h("input", { type: "range", id, min: 0, max: 1, step: 1, input: () => this.go(Number(this.slider.value)) });
      this.count = h("span", { class: "count" });
      this.toggle = button("play", "Play", () => (this.timer ? this.pause() : this.play()), { class: "toggle" });
      this.node = h(
        "div", { class: "player", role: "group", "aria-label": "Steps of the computation" },
        h("span", { class: "buttons" },
          this.toggle, button("first", "To the start", () => this.go(0)), button("back", "One step back", () => this.go(this.at - 1)),
          button("forward", "One step on", () => this.go(this.at + 1)), button("last", "To the end", () => this.go(this.last))),
        h("span", { class: "scrub" }, h("label", { for: id }, "Step"), this.slider, this.count),
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
      this.show(step);
    }

    show(step) {
      this.move(step >= this.last ? null : Math.max(0, step));
    }

    play() {
      this.show(this.at >= this.last ? 0 : this.at + 1);
      this.timer = setInterval(() => {
        this.show(this.at + 1);
        if (this.at + 1 >= this.last) this.pause();
      }, PACE);
      this.face("pause", "Pause");
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      this.face("play", "Play");
    }

    face(name, label) {
      this.toggle.replaceChildren(icon(name));
      this.toggle.setAttribute("aria-label", label);
      this.toggle.title = label;
    }
  }

  /** The drawing. */
  class Picture {
    constructor() {
      this.node = h("div", { class: "stage", tabindex: 0, role: "group", "aria-label": "Graph of the formula" });
    }

    /** Draw what Python traced, as it is after some steps. */
    draw(traced, step, said) {
      const { nodes, edges } = traced;
      const titles = nodes.map(({ name, made }) => (made ? `${name} = ${made}` : name));
      const wide = Math.max(NODE.least, ...titles.map((title) => NODE.letter * title.length + 18));
      const places = [...nodes.map(({ place }) => place), ...edges.flatMap(({ path }) => path)];
      const [layers, across] = [0, 1].map((i) => 1 + Math.max(...places.map((place) => place[i])));
      const room = this.node.clientWidth || 600;
      const longest = Math.max(...edges.map(({ label }) => label.length), 0);
      const left = (room - layers * wide - 4) / Math.max(1, layers - 1); // between layers, if it lies down
      const upright = left < GAP.along; // whatever the numbers are: it does not turn while a slider moves
      const gap = Math.min(Math.max(GAP.along, 6.8 * longest + 34), GAP.most, left);
      const pitch = upright ? [wide + GAP.between, NODE.tall + GAP.upright] : [wide + gap, NODE.tall + GAP.between];
      const [columns, rows] = upright ? [across, layers] : [layers, across];
      const width = (columns - 1) * pitch[0] + wide + 4;
      const height = (rows - 1) * pitch[1] + NODE.tall + 4;
      const spot = (place) => {
        const [column, row] = upright ? [place[1], place[0]] : place;
        return [2 + wide / 2 + column * pitch[0], 2 + NODE.tall / 2 + row * pitch[1]];
      };
      const now = { ...traced.steps[step], values: this.values(traced, step), grads: this.grads(traced, step) };
      const back = now.grads.some(Boolean);
      const scale = Math.max(SMALLEST, Math.min(1, room / width));
      const lines = edges.map((edge, k) => this.edge(edges, k, spot, wide, upright, now, back));
      const boxes = nodes.map((node, k) => this.box(node, titles[k], spot(node.place), upright, wide, now.values[k], now.grads[k], k === now.node && now.edges.length));
      const drawing = svg(
        "svg", { viewBox: `0 0 ${width} ${height}`, width: width * scale, height: height * scale, role: "img", "aria-label": said, class: back ? "backwards" : "forwards" },
        lines.map(({ line }) => line), lines.map(({ label }) => label), boxes,
      );
      this.node.replaceChildren(drawing);
    }

    /** Whether each node has its value after some steps. */
    values({ nodes, steps }, step) {
      let computed = 0;
      return nodes.map(({ kind }) => kind !== "operation" || (computed += 1) <= steps[step].values);
    }

    /** The gradient of each node in digits so far; "" before it has any. */
    grads({ nodes, steps }, step) {
      const texts = nodes.map(() => "");
      for (const { grads } of steps.slice(0, step + 1)) for (const [node, text] of grads) texts[node] = text;
      return texts;
    }

    /** An edge arrives at its own place of the node's side, in the order of where the edges come from. */
    port(edges, k) {
      const from = (i) => edges[i].path.at(-2)[1];
      const to = edges.map((_, i) => i).filter((i) => edges[i].to === edges[k].to).sort((i, j) => from(i) - from(j) || i - j);
      return to.length === 1 ? 0 : (2 * to.indexOf(k)) / (to.length - 1) - 1;
    }

    edge(edges, k, spot, wide, upright, now, back) {
      const port = this.port(edges, k);
      const points = edges[k].path.map(spot);
      const [first, last] = [points[0], points.at(-1)];
      if (upright) {
        first[1] += NODE.tall / 2;
        last[0] += 0.3 * port * wide;
        last[1] -= NODE.tall / 2;
      } else {
        first[0] += wide / 2;
        last[0] -= wide / 2;
        last[1] += 0.28 * port * NODE.tall;
      }
      let path = `M${first}`;
      points.slice(1).forEach(([x1, y1], i) => {
        const [x0, y0] = points[i];
        const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
        path += upright ? `C${x0} ${my} ${x1} ${my} ${x1} ${y1}` : `C${mx} ${y0} ${mx} ${y1} ${x1} ${y1}`;
      });
      const busy = now.edges.includes(k);
      const [x, y] = back ? first : last;
      const turn = (upright ? 90 : 0) + (back ? 180 : 0);
      const tip = busy && svg("path", { d: "M-9-5.5L1 0-9 5.5z", transform: `translate(${x} ${y}) rotate(${turn})` });
      const line = svg("g", { class: busy ? "edge busy" : "edge" }, svg("path", { d: path, class: "line" }), tip || null);
      const [x0, y0] = points.at(-2);
      const [cross, along] = upright ? [0.844, 0.703] : [0.648, 0.576]; // a point of the curve, at 0.75 or 0.6 of its way
      const [fx, fy] = upright ? [cross, along] : [along, cross];
      const [lx, ly] = [x0 + fx * (last[0] - x0), y0 + fy * (last[1] - y0)];
      const text = `×${edges[k].label}`;
      const half = text.length * 3.4 + 2;
      const label = now.values[edges[k].to] && svg(
        "g", { class: busy ? "factor busy" : "factor" },
        svg("rect", { x: lx - half, y: ly - 8, width: 2 * half, height: 16 }), svg("text", { x: lx, y: ly }, text));
      return { line, label: label || null };
    }

    box({ kind, value }, title, [left, top], upright, wide, computed, grad, busy) {
      const small = kind === "number";
      const [w, t] = small ? [Math.min(wide, NODE.letter * title.length + 22), NODE.small] : [wide, NODE.tall];
      const [x, y] = upright ? [left, top + (NODE.tall - t) / 2] : [left + (wide - w) / 2, top]; // where its edges leave
      const text = (kind, dy, words) => svg("text", { class: kind, x, y: y + dy }, words);
      const inside = small ? [text("title", 0, title)] : [text("title", -18, title), text("value", 0, computed ? value : ""), text("grad", 18, grad && `grad ${grad}`)];
      return svg("g", { class: `node ${kind}${busy ? " busy" : ""}` }, svg("rect", { x: x - w / 2, y: y - t / 2, width: w, height: t, rx: 8 }), inside);
    }
  }

  class ExpressionGraph extends Live {
    async become() {
      this.key = unique("graph");
      await client.ready();
      this.build();
      this.reset();
      this.appear();
    }

    build() {
      const [field, hint] = [unique("formula"), unique("hint")];
      this.field = h("input", {
        type: "text", id: field, class: "formula", autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": hint,
        input: () => this.typed(), keydown: (event) => event.key === "Enter" && this.typed(0),
      });
      this.notes = h("p", { class: "notes", role: "status" });
      this.picture = new Picture();
      this.said = h("p", { class: "said" });
      this.told = h("p", { class: "unseen", "aria-live": "polite" });
      this.steps = new Steps((step) => this.move(step));
      this.inputs = h("div", { class: "inputs" });
      this.rows = h("tbody", {});
      const heads = ["Name", "Made by", "Value", "Gradient"].map((text) => h("th", { scope: "col" }, text));
      const table = h("table", {}, h("caption", { class: "unseen" }, "All numbers, to the last digit"), h("thead", {}, h("tr", {}, heads)), this.rows);
      this.live = h(
        "div", { class: "live" },
        h("div", { class: "bar" }, h("label", { for: field }, "Formula"), this.field, h("button", { type: "button", click: () => this.reset() }, "Reset")),
        h("p", { class: "hint", id: hint }, "Letters are inputs. + − * / **, exp log sqrt tanh sin cos relu; parts may have names: q = a + b; q*c"),
        this.notes, this.steps.node, this.said, this.told, this.picture.node,
        h("p", { class: "hint" }, "On each edge: its local derivative. A gradient that goes back along the edge is multiplied by it."),
        this.inputs,
        h("details", { class: "numbers" }, h("summary", {}, "All numbers"), h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Table of all numbers" }, table)),
      );
      this.append(this.live);
      new ResizeObserver(() => this.paint()).observe(this.picture.node);
    }

    /** Go back to the initial formula and values. */
    reset() {
      const { text, step, inputs } = this.description;
      this.steps.pause();
      clearTimeout(this.timer);
      this.controls = new Map(inputs.map((one) => [one.name, one]));
      this.values = new Map(inputs.map((one) => [one.name, one.value]));
      this.shown = null;
      this.step = step;
      this.field.value = text;
      this.refresh();
    }

    typed(pause = PAUSE) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.refresh(), pause);
    }

    move(step) {
      this.step = step;
      this.paint();
    }

    /** Ask Python for the graph of the formula; of questions that come quickly only the newest is answered. */
    async refresh() {
      const answer = await client.run(this.key, { text: this.field.value, values: [...this.values] }, true, "graph");
      if (answer.old) return;
      const wrong = answer.failed ?? answer.error ?? (answer.stopped ? "it took longer than a second and was stopped" : null);
      this.wrong(wrong);
      if (wrong === null) {
        this.traced = answer;
        this.arrange();
      }
      this.answered = performance.now();
      this.paint();
    }

    /** Say what is wrong with the formula, or that nothing is. */
    wrong(words) {
      const after = this.traced ? " The graph shows what was before." : "";
      this.notes.textContent = words === null ? "" : `${words[0].toUpperCase()}${words.slice(1)}.${after}`;
      this.field.setAttribute("aria-invalid", words !== null);
      this.classList.toggle("wrong", words !== null);
    }

    /** A slider for each input of the formula; one that comes back has its old value. */
    arrange() {
      const names = this.traced.inputs;
      if (this.shown && names.join() === this.shown.join()) return;
      this.shown = names;
      this.inputs.replaceChildren(...names.map((name) => {
        if (!this.controls.has(name)) this.controls.set(name, { ...this.description.fresh, name, symbol: name });
        const c = this.controls.get(name);
        if (!this.values.has(name)) this.values.set(name, c.value);
        return control(c, this.values.get(name), (value) => {
          this.values.set(name, value);
          this.refresh();
        }, "input ").node;
      }));
    }

    draw() {
      if (!this.traced) return;
      const last = this.traced.steps.length - 1;
      const step = Math.min(this.step ?? last, last);
      const { said } = this.traced.steps[step];
      this.steps.set(step, last);
      this.picture.draw(this.traced, step, said);
      this.said.textContent = said;
      clearTimeout(this.telling);
      this.telling = setTimeout(() => (this.told.textContent = `Step ${step} of ${last}. ${said}`), QUIET);
      this.table(step);
    }

    /** The numbers as they are, to the last digit, as far as they are known at a step. */
    table(step) {
      const { nodes, numbers } = this.traced;
      const [values, grads] = [this.picture.values(this.traced, step), this.picture.grads(this.traced, step)];
      const whole = step === this.traced.steps.length - 1;
      const cells = nodes.map(({ name, made, kind, value }, k) => [
        kind === "number" ? "number" : name, made, values[k] ? numbers[k] : "", !grads[k] ? "" : whole ? numbers[nodes.length + k] : grads[k],
      ]);
      this.rows.replaceChildren(...cells.map(([name, ...rest]) =>
        h("tr", {}, h("th", { scope: "row" }, name), rest.map((text) => h("td", {}, String(text).replace("-", "−"))))));
    }
  }

  customElements.define("expression-graph", ExpressionGraph);
})();
