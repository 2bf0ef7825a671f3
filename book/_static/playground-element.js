// <optimizer-playground>: optimizers on a landscape, to be played with. Its description says what there is.
(() => {
  const { client, state: states, Live, drawing, h, plain, menu, control, series, Scene, Player, Readout, Card } =
    globalThis.ScratchOptimParts;
  const { CHANGED, apart } = drawing;
  const MOST = 4; // optimizers
  const ENDLESS = "stopped after a second: with these settings the rule did not come to an end (is there a loop whose condition stays true?)";

  class OptimizerPlayground extends Live {
    connectedCallback() {
      if (this.watch) return;
      super.connectedCallback();
      this.link("playground");
      if (client.asked && document.querySelector("optimizer-playground") === this) this.start();
    }

    /** Everything is built while Python starts, and shown with the first runs. */
    async become() {
      const { catalog, landscapes } = await client.start();
      this.catalog = catalog;
      const known = new Map(landscapes.map((one) => [one.name, one]));
      this.landscapes = this.description.landscapes.map((one) => ({ ...known.get(one.name), ...one }));
      this.build();
      await new Promise((resolve, reject) => {
        this.birth = { resolve, reject };
        this.reset(this.addressed());
      });
    }

    /** The first runs are there. */
    appear() {
      super.appear();
      this.scene.resize();
      this.birth.resolve();
    }

    // --- what stands on the page

    build() {
      const d = this.description;
      this.cards = new Map();
      this.good = new Map(); // entry -> its last run without an error
      this.scene = new Scene({
        begin: (x, y) => this.begin(x, y),
        go: (step) => this.player.go(step),
        repaint: () => this.paint(),
      });
      this.readout = new Readout();
      this.player = new Player((step) => this.move(step));
      this.places = menu("Landscape", this.landscapes.map((l) => [l.name, l.title]), d.landscape, (name) => this.visit(name));
      this.shows = h("p", { class: "shows" });
      this.notes = h("div", { class: "notes", role: "status" });
      this.list = h("div", { class: "optimizers" });
      this.common = Object.fromEntries(
        ["steps", "noise", "decay"].filter((name) => d[name]).map((name) => [name, control(d[name], d[name].value, (value) => {
          this.state[name] = value;
          this.refresh();
        }, "")]),
      );
      this.start_ = h("div", { class: "common" });
      const others = d.optimizers.filter((o) => !this.catalog.some(({ name }) => name === o.name)); // the page's own rules
      const names = new Map([...this.catalog, ...others].map((o) => [o.name, o.title]));
      this.adding = menu("Another optimizer", [...names], null, () => {});
      this.add = h("button", { type: "button", click: () => this.join(this.adding.select.value) }, "Add");
      this.adding.node.append(this.add);
      this.live = h(
        "div", { class: "live" },
        h("div", { class: "bar" }, this.places.node,
          h("span", { class: "actions" },
            h("button", { type: "button", click: () => this.reset() }, "Reset"),
            h("button", { type: "button", click: () => this.share() }, "Copy link"))),
        this.shows, this.notes,
        h("div", { class: "views" }, this.scene.stage, h("div", { class: "side" }, this.scene.chart.canvas)),
        this.readout.node,
        this.player.node, this.start_, this.list, h("div", { class: "adding" }, this.adding.node),
      );
      this.append(this.live);
      new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    }

    /** Go back to the initial settings, or to those of the link. */
    reset(linked = false) {
      const found = linked && states.read(location.hash.slice(1), this.id, this.description, this.landscapes, this.catalog);
      const [state, problems] = found || [states.initial(this.description), []];
      this.state = state;
      this.good.clear();
      this.runs = [];
      this.say(problems);
      for (const name of Object.keys(this.common)) this.common[name].set(state[name]);
      this.cards.clear();
      state.optimizers.forEach((entry, i) => this.card(entry, i));
      this.player.pause();
      this.arrange();
      this.settle();
      this.refresh();
    }

    say(lines) {
      this.notes.replaceChildren(...lines.map((line) => h("p", {}, line)));
    }

    /** Show the landscape of the state: its map, its sentence, the fields of the start. */
    settle() {
      const place = (this.place = this.landscapes.find((one) => one.name === this.state.landscape));
      this.places.select.value = place.name;
      this.formula(place);
      this.scene.place(place);
      const axis = (name, [low, high]) => {
        const step = (high - low) / 200;
        const c = { name: `start ${name}`, symbol: `start ${name}`, kind: "number", low, high, step, scale: "linear",
          meaning: `where the runs begin: ${name}`, value: null };
        return control(c, this.state[name], (value) => {
          this.state[name] = value;
          this.refresh();
        }, "");
      };
      this.axes = { x: axis("x", place.box[0]), y: axis("y", place.box[1]) };
      this.start_.replaceChildren(...Object.values(this.common).map((c) => c.node), this.axes.x.node, this.axes.y.node);
      setTimeout(() => this.scene.ground(place)); // after the first runs, which are what the reader waits for
    }

    /** The landscape in a sentence, with its formula: in plain letters until the page can set formulas. */
    formula(place) {
      const formula = h("span", { class: "formula" }, `f(x, y) = ${plain(place.formula)}`);
      this.shows.replaceChildren(formula, " ", place.shows);
      if (globalThis.MathJax?.startup?.document) this.typeset(formula, place);
      else document.addEventListener("formulas", () => this.typeset(formula, place), { once: true });
    }

    async typeset(formula, place) {
      try {
        await globalThis.MathJax.startup.promise;
        if (!formula.isConnected) return;
        const { tex2chtml, startup } = globalThis.MathJax;
        const set = tex2chtml(`f(x,y) = ${place.formula}`, { display: false });
        startup.document.clear();
        startup.document.updateDocument();
        if (document.getElementById("MJX-CHTML-styles")?.sheet?.cssRules.length) formula.replaceChildren(set); // a strict policy forbids them
      } catch { /* the plain letters will do */ }
    }

    card(entry, index) {
      const kind = this.kind(entry.name, index);
      const host = {
        changed: () => this.refresh(),
        remove: (one) => this.leave(one),
        edited: (one, text) => this.edit(one, text),
        beside: (one, on) => {
          one.beside = on;
          this.refresh();
        },
      };
      entry.beside ??= true;
      entry.program = kind.program;
      this.cards.set(entry, new Card(entry, kind, this.description.noise, host));
    }

    /** What is known of an optimizer: as the description has it, if it is there, and the text of its rule. */
    kind(name, index) {
      return { ...this.catalog.find((o) => o.name === name), ...states.kind(this.description, this.catalog, name, index) };
    }

    /** Put the cards in order and give each run its look. */
    arrange() {
      const { optimizers } = this.state;
      const names = optimizers.map((o) => o.name);
      const runs = optimizers.map(({ name }, i) => {
        const turn = names.slice(0, i).filter((other) => other === name).length + 1;
        return { name, label: names.filter((other) => other === name).length > 1 ? `${name} ${turn}` : name };
      });
      const looks = series(runs, this.catalog, this.dark);
      const wanted = optimizers.map((entry) => this.cards.get(entry).node);
      if (wanted.some((node, i) => this.list.children[i] !== node) || this.list.children.length !== wanted.length) {
        this.list.replaceChildren(...wanted);
      }
      optimizers.forEach((entry, i) => this.cards.get(entry).show(looks[i], optimizers.length === 1));
      this.adding.node.hidden = optimizers.length >= MOST;
      this.looks = new Map(optimizers.map((entry, i) => [entry, looks[i]]));
    }

    // --- what the reader does

    visit(name) {
      this.state.landscape = name;
      const place = this.landscapes.find((one) => one.name === name);
      [this.state.x, this.state.y] = name === this.description.landscape ? this.description.start : place.start;
      this.settle();
      this.refresh();
    }

    join(name) {
      const kind = this.kind(name, -1);
      const entry = { name, settings: { ...kind.settings }, noisy: true };
      const first = this.state.optimizers[0].settings.lr; // the same for a fair comparison
      const lr = kind.controls.find((c) => c.name === "lr");
      if (lr && first >= lr.low && first <= lr.high) entry.settings.lr = first;
      this.state.optimizers.push(entry);
      this.card(entry, -1);
      this.arrange();
      this.refresh();
      this.cards.get(entry).node.querySelector("input")?.focus();
    }

    leave(entry) {
      const { optimizers } = this.state;
      optimizers.splice(optimizers.indexOf(entry), 1);
      this.cards.delete(entry);
      this.good.delete(entry);
      this.arrange();
      this.refresh();
      this.adding.select.focus();
    }

    /** A rule was changed: try it; until it works the last one that did goes on. */
    edit(entry, text) {
      entry.trial = text;
      if (text === null) {
        entry.source = null;
        this.cards.get(entry).editor.say("");
      }
      this.refresh();
    }

    move(step) {
      this.state.step = step;
      this.paint();
    }

    /** Let the runs begin at (x, y), kept in the box and on a round number. */
    begin(x, y) {
      const kept = [x, y].map((value, i) => {
        const [low, high] = this.place.box[i];
        const digits = Math.max(0, 3 - Math.floor(Math.log10(high - low)));
        return Number(Math.min(Math.max(value, low), high).toFixed(digits));
      });
      [this.state.x, this.state.y] = kept;
      this.axes.x.set(kept[0]);
      this.axes.y.set(kept[1]);
      this.refresh();
    }

    /** Copy a link to the state. The reader's own rules are not in it: they do not leave the page. */
    share() {
      const kept = this.state.optimizers.some((entry) => entry.source);
      this.copy(states.write(this.state, this.id, this.description), kept ? " Your change of the rule is not in it: it stays in this page." : "");
    }

    // --- runs

    /** Ask for the runs of the state; of questions that come quickly only the newest is answered. */
    async refresh() {
      this.scene.hold(this.state);
      const { landscape, x, y, steps, noise, decay } = this.state;
      const common = { landscape, x, y, steps, noise, decay, seed: this.description.seed };
      const asked = [];
      for (const entry of this.state.optimizers) {
        const trial = entry.trial ?? null;
        const source = trial ?? entry.source ?? null;
        const { name, settings, noisy, program = null } = entry;
        const ask = (text) => ({ name, settings: { ...settings }, noisy, program, source: text });
        if (source === null || entry.beside) asked.push({ entry, source: null, ask: ask(null) });
        if (source === null) continue;
        const question = JSON.stringify([common, ask(source)]);
        asked.push({ entry, source, tried: trial !== null, ask: ask(source), question, endless: entry.endless === question });
      }
      const sent = asked.filter(({ endless }) => !endless);
      const answer = await client.run(this.id, { ...common, optimizers: sent.map((one) => one.ask) }, sent.some((one) => one.source));
      if (answer.old) return;
      if (answer.failed) {
        if (this.dataset.phase === "live") this.say([`This could not be computed: ${answer.failed}`]);
        else this.birth.reject(new Error(answer.failed));
      } else if (answer.stopped) {
        const { entry, question } = sent[answer.begun];
        entry.endless = question; // it is not asked again
        this.refresh();
      } else {
        const results = [...answer.runs];
        this.receive(asked.map((one) => ({ ...one, result: one.endless ? { error: { message: ENDLESS } } : results.shift() })), landscape);
      }
    }

    /** Take the answer; where a run has an error the last good one stays, and the error is said. */
    receive(answered, landscape) {
      if (landscape !== this.state.landscape || answered.some(({ entry }) => !this.cards.has(entry))) return; // long past
      this.runs = [];
      for (const { entry, source, tried, result } of answered) {
        const { error } = result;
        const good = this.good.get(entry) ?? {};
        const slot = source ? "changed" : "own";
        this.good.set(entry, good);
        if (!error) good[slot] = { ...result, landscape };
        this.tell(entry, source, tried, error);
        const shown = good[slot] ? slot : entry.beside ? null : "own"; // a first change that fails: the original stays
        if (good[shown]?.landscape === landscape) {
          this.runs.push({ ...good[shown], entry, source: shown === "changed" && source, faded: Boolean(error) });
        }
      }
      if (this.dataset.phase !== "live") this.appear();
      this.answered = performance.now();
      this.paint();
    }

    /** Say in the card of an optimizer what came of its rule. */
    tell(entry, source, tried, error) {
      const { trouble, editor } = this.cards.get(entry);
      if (!source) {
        trouble.textContent = error?.message ?? "";
        return;
      }
      if (tried && entry.trial === source) {
        entry.trial = null;
        if (!error) entry.source = source;
      }
      if (error) editor?.fault(error);
      else if (editor?.text === source) editor.say("This is the path of your rule.");
    }

    // --- pictures

    draw() {
      if (this.shade !== this.dark) {
        this.shade = this.dark;
        this.arrange();
      }
      const runs = [];
      for (const run of this.runs) {
        const look = this.looks.get(run.entry);
        const changed = look && { ...look, label: `${look.label}, changed`, dashes: CHANGED, color: apart(look.color, this.dark) };
        if (look) runs.push({ ...run, series: run.source ? changed : look });
      }
      const last = Math.max(0, ...runs.map((run) => run.losses.length - 1));
      const step = Math.min(this.scene.hovered ?? this.state.step ?? last, last);
      this.scene.draw(runs, this.state, step, last, this.dark);
      this.player.set(step, last);
      this.readout.set(runs, step);
      this.dispatchEvent(new CustomEvent("painted", { detail: this.answered }));
    }
  }

  customElements.define("optimizer-playground", OptimizerPlayground);
})();
