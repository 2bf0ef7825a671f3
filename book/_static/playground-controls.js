// The parts of a playground that a reader takes hold of: sliders made from the description, and small things in HTML.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  let serial = 0;

  /** Make an element: attributes (a function is a listener, true an empty attribute, false or null none), children. */
  function h(tag, attributes, ...children) {
    const [name, space] = tag.startsWith("svg:") ? [tag.slice(4), SVG] : [tag, "http://www.w3.org/1999/xhtml"];
    const node = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (typeof value === "function") node.addEventListener(key, value);
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return node;
  }

  const unique = (word) => `playground-${word}-${(serial += 1)}`;

  /** A number for readers: few digits, a real minus. */
  function show(value, digits = 4) {
    if (value === undefined || Number.isNaN(value)) return "not a number";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    const size = Math.abs(value);
    const text = size && (size < 1e-3 || size >= 1e5) ? value.toExponential(Math.min(digits - 1, 2)) : String(Number(value.toPrecision(digits)));
    return text.replace("e+", "e").replaceAll("-", "−");
  }

  const ICONS = {
    play: "M7 4l13 8-13 8z", pause: "M6 4h4v16H6zM14 4h4v16h-4z", first: "M5 4h3v16H5zM20 4v16L9 12z",
    back: "M17 4v16L5 12z", forward: "M7 4v16l12-8z", last: "M16 4h3v16h-3zM4 4v16l11-8z",
    close: "M5 6.4L6.4 5 12 10.6 17.6 5 19 6.4 13.4 12 19 17.6 17.6 19 12 13.4 6.4 19 5 17.6 10.6 12z",
  };

  function icon(name) {
    return h("svg:svg", { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, h("svg:path", { d: ICONS[name] }));
  }

  function button(name, label, press, attributes) {
    return h("button", { type: "button", "aria-label": label, title: label, click: press, ...attributes }, icon(name));
  }

  /** The sign of a run: a piece of its line with its marker. */
  function sign({ color, marker, dashes }) {
    const points = marker.map(([x, y]) => `${15 + 4.6 * x},${8 + 4.6 * y}`).join(" ");
    return h(
      "svg:svg", { viewBox: "0 0 30 16", class: "sign", "aria-hidden": "true", focusable: "false" },
      h("svg:path", { d: "M1 8h28", stroke: color, "stroke-width": 2.2, "stroke-dasharray": dashes.join(" ") || null }),
      h("svg:polygon", { points, fill: color }),
    );
  }

  /** Positions of a slider: 0, 1, ..., count stand for low to high in the control's steps. */
  class Scale {
    constructor(control) {
      const { low, high, scale, step } = control;
      this.control = control;
      this.log = scale === "log";
      [this.low, this.high] = this.log ? [Math.log10(low), Math.log10(high)] : [low, high];
      this.step = step;
      this.count = Math.ceil((this.high - this.low) / step - 1e-6);
    }

    value(position) {
      const { low, high, value } = this.control;
      if (position >= this.count) return high;
      if (position <= 0) return low;
      if (typeof value === "number" && position === this.position(value)) return value; // the initial one, exactly
      const at = this.low + position * this.step;
      return Number((this.log ? 10 ** at : at).toPrecision(this.log ? 3 : 6));
    }

    position(value) {
      return Math.round(((this.log ? Math.log10(value) : value) - this.low) / this.step);
    }
  }

  /** A control: a slider with a field for its number, or a box to tick. Calls change(value). */
  function control(c, value, change, owner) {
    const id = unique(c.name);
    const name = c.name.split(".")[0].replaceAll("_", " "); // "betas.0" is a part of betas: its symbol says which
    const text = [h("span", { class: "word" }, name), " ", c.symbol === name ? null : h("i", {}, c.symbol)];
    if (c.kind === "bool") {
      const box = h("input", { type: "checkbox", id, checked: value, change: () => change(box.checked) });
      const set = (next) => (box.checked = next);
      return { set, node: h("div", { class: "control tick", title: c.meaning }, box, h("label", { for: id }, text)) };
    }
    if (c.kind === "choice") {
      const items = c.choices.map((word) => [word ?? "own", (word ?? "none").replaceAll("_", " ")]);
      const { select, node } = menu(text, items, value ?? "own", (word) => change(word === "own" ? null : word));
      const set = (next) => (select.value = next ?? "own");
      return { set, node: h("div", { class: "control", title: c.meaning }, node) };
    }
    const scale = new Scale(c);
    const slider = h("input", {
      type: "range", id, min: 0, max: scale.count, step: 1, title: c.meaning,
      input: () => take(scale.value(Number(slider.value))),
    });
    // A finger that scrolls the page begins with a press on what is under it: that is taken back.
    let pressed;
    slider.addEventListener("pointerdown", () => (pressed = now));
    slider.addEventListener("pointercancel", () => pressed !== now && take(pressed));
    const field = h("input", {
      type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", class: "number",
      "aria-label": `${owner}${name === c.name.replaceAll("_", " ") ? name : `${name} ${c.symbol}`}, as a number from ${c.low} to ${c.high}`,
      change: () => {
        const typed = Number(field.value.trim().replaceAll("−", "-").replace(",", "."));
        const usable = field.value.trim() && Number.isFinite(typed);
        const whole = c.kind === "integer" ? Math.round(typed) : typed;
        take(usable ? Math.min(Math.max(whole, c.low), c.high) : now ?? c.number);
      },
      keydown: (event) => event.key === "Enter" && field.blur(),
    });
    let now, last = value ?? c.number;
    const own = c.optional
      ? h("input", { type: "checkbox", id: unique("own"), change: () => take(own.checked ? null : last) })
      : null;
    const set = (next) => {
      now = next;
      if (next !== null) last = next;
      slider.value = scale.position(last);
      slider.disabled = field.disabled = next === null;
      slider.setAttribute("aria-valuetext", next === null ? c.own : String(last));
      const short = Number(last.toPrecision(7));
      const text = short && Math.abs(short) < 1e-4 ? short.toExponential() : String(short); // 1e-6 fits where 0.000001 does not
      field.value = next === null ? "" : text.replaceAll("-", "−");
      if (own) own.checked = next === null;
    };
    const take = (next) => {
      set(next);
      change(next);
    };
    set(value);
    const label = h("label", { for: id, title: c.meaning }, text);
    const extra = own && h("span", { class: "tick" }, own, h("label", { for: own.id }, c.own));
    return { set, node: h("div", { class: "control" }, h("span", { class: "name" }, label, field), slider, extra) };
  }

  /** A menu: items are [value, text]. */
  function menu(label, items, value, change) {
    const id = unique("menu");
    const options = items.map(([v, text]) => h("option", { value: v, selected: v === value }, text));
    const select = h("select", { id, change: () => change(select.value) }, options);
    return { select, node: h("span", { class: "menu" }, h("label", { for: id }, label), select) };
  }

  Object.assign(globalThis.ScratchOptimParts, { h, show, icon, button, sign, control, menu, unique, Scale });
})();
