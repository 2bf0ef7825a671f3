// "Change the rule": a text field with the package's source of a rule, coloured, with the line of an error marked.
(() => {
  const { h, unique } = globalThis.ScratchOptimParts;
  const TOKENS = new RegExp(
    [
      /(?<comment>#.*)/, /(?<string>"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)/,
      /\b(?<keyword>def|return|if|elif|else|for|while|in|not|and|or|is|lambda|pass|break|continue|raise|import|from|as|try|except|finally|with|del|assert|class|global)\b/,
      /\b(?<constant>None|True|False|self)\b/, /(?<figure>\b\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)/,
      /(?<call>\b[A-Za-z_]\w*(?=\())/,
    ].map((part) => part.source).join("|"),
    "g",
  );

  const LETTERS = {
    update: "p is the parameter, a vector of two numbers; g its gradient.",
    update_group: "ps are the parameters, here a single vector of two numbers; gs their gradients.",
  };

  /** The text in lines of spans; a token over several lines is cut at their ends. */
  function paint(text, faulty) {
    const lines = [h("span", { class: "line" })];
    const add = (piece, kind) =>
      piece.split("\n").forEach((part, k) => {
        if (k) lines.push(h("span", { class: "line" }));
        if (part) lines[lines.length - 1].append(kind ? h("span", { class: kind }, part) : part);
      });
    let end = 0;
    for (const found of text.matchAll(TOKENS)) {
      add(text.slice(end, found.index));
      add(found[0], Object.entries(found.groups).find(([, value]) => value !== undefined)[0]);
      end = found.index + found[0].length;
    }
    add(text.slice(end));
    lines.forEach((line, k) => {
      line.append("\n");
      if (k + 1 === faulty) line.classList.add("fault");
    });
    return lines;
  }

  /**
   * The editor of one rule.
   * @param {{source: string, method: string}} kind - the text of the rule, and what of the rule it is
   * @param {(text: string|null) => void} change - called as the reader types; null: it is the package's own again
   */
  class Editor {
    constructor(name, { source, method = "update" }, change) {
      this.source = source;
      this.faulty = null;
      const help = unique("help");
      this.picture = h("div", { class: "picture", "aria-hidden": "true" });
      this.field = h("textarea", {
        "aria-label": `Source of ${name}.${method}`, "aria-describedby": help, spellcheck: "false", autocomplete: "off",
        autocapitalize: "off", wrap: "off", input: () => this.typed(), keydown: (event) => this.key(event),
        scroll: () => (this.picture.scrollLeft = this.field.scrollLeft),
      });
      this.status = h("p", { class: "status", role: "status" });
      this.restore = h("button", { type: "button", click: () => this.set(this.source, true) }, "Restore");
      this.change = change;
      this.node = h(
        "div", { class: "editor" },
        h("p", { id: help, class: "hint" },
          `${LETTERS[method]} The path follows as you type. Your change stays in this page.`),
        h("div", { class: "code" }, this.picture, this.field), this.status,
      );
      this.set(source);
    }

    /** Put a text in; `tell` as if the reader had typed it. */
    set(text, tell = false) {
      this.field.value = text;
      this.say("");
      if (tell) this.typed(0);
    }

    typed(pause = 200) {
      this.draw();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.change(this.text === this.source ? null : this.text), pause);
    }

    /** What the reader has written, as Python gets it. */
    get text() {
      return this.field.value.replaceAll("\t", "    ").trimEnd();
    }

    /** Enter goes on with the indentation of the line; Tab is left alone, it leads on to the next control. */
    key(event) {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      const { value, selectionStart } = this.field;
      const line = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
      const indent = line.match(/^ */)[0] + (/:\s*(#.*)?$/.test(line) ? "    " : "");
      this.field.setRangeText(`\n${indent}`, selectionStart, this.field.selectionEnd, "end");
      this.typed();
    }

    /** Say what came of the text; an error may have a line, counted from 1. */
    say(message, { line = null, bad = false } = {}) {
      this.faulty = line;
      this.status.textContent = message;
      this.status.classList.toggle("bad", bad);
      this.field.setAttribute("aria-invalid", bad);
      this.draw();
    }

    /** Say what is wrong with the text. */
    fault({ line, message }) {
      const what = line ? `Line ${line}: ${message}` : message[0].toUpperCase() + message.slice(1);
      this.say(`${what}. The last path that worked stays.`, { line, bad: true });
    }

    draw() {
      const text = this.field.value;
      this.picture.replaceChildren(...paint(text, this.faulty));
      this.field.rows = text.split("\n").length + 1;
      this.restore.disabled = text === this.source;
    }
  }

  globalThis.ScratchOptimParts.Editor = Editor;
})();
