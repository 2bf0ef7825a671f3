// <family-tree>: the rows of the picture become buttons, the ideas a filter. What is shown of an optimizer is its own
// section of the page. The state is in the address: #tree?at=Adam&idea=momentum.
(() => {
  const HOW = "Choose an optimizer to see its ancestors and descendants, or an idea to see where it lives.";
  const KEYS = " Keys: ↑ and ↓ go through time, ← to the predecessor, → to a descendant, Esc ends.";

  /** An element with some attributes and children. */
  function make(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  class FamilyTree extends HTMLElement {
    connectedCallback() {
      if (this.nodes) return;
      this.picture = this.querySelector(".stage svg");
      this.nodes = [...this.picture.querySelectorAll(".node")];
      this.lines = [...this.picture.querySelectorAll(".line")];
      this.names = this.nodes.map((node) => node.dataset.name);
      this.state = { at: null, idea: null };
      this.came = {}; // for a node, the descendant from which one came to it
      this.how = make("p", { class: "how", id: `${this.id}-how` }, HOW, make("span", { class: "keys" }, KEYS));
      this.card = make("section", { class: "detail", "aria-label": "The chosen optimizer" });
      this.word = make("p", { class: "unseen", role: "status" });
      this.buttons();
      this.rows();
      const parts = this.querySelector(".parts");
      parts.prepend(this.how);
      parts.append(this.card);
      this.append(this.word);
      addEventListener("hashchange", () => this.read());
      this.dataset.phase = "live";
      this.read();
    }

    /** Make the ideas into buttons of a filter. */
    buttons() {
      this.ideas = [...this.querySelectorAll(".ideas li")].map((item) => {
        const button = make("button", { type: "button", "aria-pressed": false }, ...item.childNodes);
        button.addEventListener("click", () => this.filter(item.dataset.idea));
        item.append(button);
        return item;
      });
    }

    /** Make the rows of the picture into buttons, of which the Tab key stops at one. */
    rows() {
      this.picture.setAttribute("role", "group");
      this.picture.setAttribute("aria-label", "Family tree");
      this.picture.setAttribute("aria-describedby", this.how.id);
      for (const node of this.nodes) {
        const { name, said } = node.dataset;
        const attributes = { role: "button", tabindex: -1, "aria-label": said, "aria-pressed": false };
        for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
        node.addEventListener("click", () => this.choose(this.state.at === name ? null : name, true));
        node.addEventListener("keydown", (event) => this.key(event, name));
      }
      this.card.addEventListener("click", (event) => {
        const entry = event.target.closest("a")?.getAttribute("href");
        const to = this.nodes.find((node) => entry === `#${node.dataset.entry}`);
        if (!to) return;
        event.preventDefault();
        this.choose(to.dataset.name, true);
      });
      this.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !(this.state.at || this.state.idea)) return;
        const inside = this.card.contains(event.target);
        const { at } = this.state;
        this.set({ at: null, idea: null });
        if (inside) this.node(at).focus();
      });
    }

    /** What a key does on the row of an optimizer. */
    key(event, name) {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const place = this.names.indexOf(name);
      const [parent] = this.parents(name);
      const child = this.came[name] ?? this.children(name)[0];
      const goals = {
        ArrowUp: this.names[place - 1],
        ArrowDown: this.names[place + 1],
        ArrowLeft: parent,
        ArrowRight: child,
        Home: this.names[0],
        End: this.names.at(-1),
      };
      if (event.key === "Enter" || event.key === " ") this.choose(this.state.at === name ? null : name, true);
      else if (!(event.key in goals)) return;
      else if (goals[event.key]) {
        if (event.key === "ArrowLeft") this.came[parent] = name;
        this.choose(goals[event.key], true);
      }
      event.preventDefault();
    }

    node(name) {
      return this.nodes[this.names.indexOf(name)];
    }

    parents(name) {
      return this.node(name).dataset.parents.split(" ").filter(Boolean);
    }

    children(name) {
      return this.names.filter((other) => this.parents(other).includes(name));
    }

    /** All that `near` leads to, over any number of lines. */
    reach(name, near, found = new Set()) {
      for (const other of near.call(this, name)) {
        if (!found.has(other)) this.reach(other, near, found.add(other));
      }
      return found;
    }

    choose(name, focus) {
      this.set({ ...this.state, at: name });
      if (focus) this.show(this.node(name ?? this.last));
    }

    /** Give a row the focus, and see to it that it is not behind the card. */
    show(node) {
      node.focus();
      const card = this.card.getBoundingClientRect();
      const row = node.getBoundingClientRect();
      const covered = card.top < row.bottom && card.bottom > row.top && card.left < row.right;
      if (covered && this.state.at) scrollBy({ top: row.bottom - card.top + 8 });
    }

    filter(idea) {
      this.set({ ...this.state, idea: this.state.idea === idea ? null : idea });
      const found = this.nodes.filter((node) => node.dataset.idea === this.state.idea);
      const names = found.map((node) => [...node.querySelectorAll(".name")].map((line) => line.textContent).join("").trim());
      this.word.textContent = this.state.idea ? `${found.length} of ${this.nodes.length} shown: ${names.join(", ")}` : "All shown";
    }

    /** Take a new state, show it and write it into the address. */
    set(state) {
      this.state = state;
      this.draw();
      const words = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
      const mine = location.hash.startsWith(`#${this.id}`);
      if (words.size) history.replaceState(null, "", `#${this.id}?${words}`);
      else if (mine) history.replaceState(null, "", `#${this.id}`);
    }

    /** Take the state from the address; what is not known is left out. */
    read() {
      const [id, words] = location.hash.slice(1).split("?");
      if (id !== this.id) return this.draw();
      const asked = new URLSearchParams(words);
      const at = this.names.find((name) => name === asked.get("at")) ?? null;
      const idea = this.ideas.find((item) => item.dataset.idea === asked.get("idea"))?.dataset.idea ?? null;
      this.state = { at, idea };
      this.draw();
      if (at) this.show(this.node(at));
      else this.scrollIntoView();
    }

    draw() {
      const { at, idea } = this.state;
      const above = at ? this.reach(at, this.parents) : new Set();
      const below = at ? this.reach(at, this.children) : new Set();
      this.last = at ?? this.last ?? this.names[0];
      this.classList.toggle("chosen", Boolean(at));
      for (const node of this.nodes) {
        const { name } = node.dataset;
        const kin = !at || name === at || above.has(name) || below.has(name);
        node.classList.toggle("off", name !== at && (!kin || (idea !== null && node.dataset.idea !== idea)));
        node.setAttribute("aria-pressed", name === at);
        node.setAttribute("tabindex", name === this.last ? 0 : -1);
      }
      for (const line of this.lines) {
        const { parent, child } = line.dataset;
        const up = (name) => name === at || above.has(name);
        const down = (name) => name === at || below.has(name);
        const kin = Boolean(at) && ((up(parent) && up(child)) || (down(parent) && down(child)));
        const off = (at && !kin) || (idea && this.node(parent).dataset.idea !== idea);
        line.classList.toggle("off", Boolean(off));
        line.classList.toggle("on", kin && !off);
      }
      // What is chosen lies above the rest, and in each of the two branches above what runs down.
      const layer = ({ classList }) => 2 * !classList.contains("off") + classList.contains("branch");
      this.lines[0].parentNode.append(...[...this.lines].sort((one, other) => layer(one) - layer(other)));
      for (const item of this.ideas) item.firstChild.setAttribute("aria-pressed", item.dataset.idea === idea);
      this.fill(at);
    }

    /** Show the section of an optimizer. */
    fill(name) {
      if (!name) return this.card.replaceChildren();
      const entry = document.getElementById(this.node(name).dataset.entry).cloneNode(true);
      entry.querySelectorAll("[id]").forEach((part) => part.removeAttribute("id"));
      entry.querySelectorAll(".headerlink").forEach((link) => link.remove());
      const title = entry.querySelector("h2, h3, h4");
      const close = make("button", { type: "button", class: "close", "aria-label": "Close" }, "×");
      close.addEventListener("click", () => this.choose(null, true));
      title.replaceWith(make("div", { class: "head" }, make("p", { class: "title" }, ...title.childNodes), close));
      this.card.replaceChildren(...entry.childNodes);
      this.card.scrollTop = 0;
    }
  }

  customElements.define("family-tree", FamilyTree);
})();
