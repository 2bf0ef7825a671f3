// What a playground is set to: read from its description, written into a link, and read back from a link with the same
// mistrust as any other input: what is not allowed is replaced by the initial value, and said.
(() => {
  const { Link } = globalThis.ScratchOptimParts;

  /** The controls and flags of an optimizer that a playground begins with, or else of the catalog. */
  function kind(description, catalog, name, index) {
    const own = description.optimizers;
    return own[index]?.name === name ? own[index] : own.find((o) => o.name === name) ?? catalog.find((o) => o.name === name);
  }

  /** The initial state. */
  function initial(description) {
    return {
      landscape: description.landscape,
      x: description.start[0],
      y: description.start[1],
      steps: description.steps.value,
      noise: description.noise?.value ?? 0,
      decay: description.decay?.value ?? 0,
      step: null, // where the cursor stands; null: at the end
      optimizers: description.optimizers.map((o) => ({ name: o.name, settings: { ...o.settings }, noisy: o.noisy })),
    };
  }

  /** The state as the fragment of a link to the playground with this id. */
  function write(state, id, description) {
    const words = new URLSearchParams();
    const start = initial(description);
    for (const name of ["landscape", "x", "y", "steps", "noise", "decay", "step"]) {
      if (["landscape", "x", "y"].includes(name) || state[name] !== start[name]) words.set(name, state[name]);
    }
    for (const { name, settings, noisy } of state.optimizers) {
      const values = Object.keys(settings).sort().map((key) => `${key}:${settings[key] ?? "own"}`);
      words.append("run", [name, ...values, ...(noisy ? [] : ["exact"])].join(" "));
    }
    return `${id}?${words}`;
  }

  /** Read a fragment: [state, list of what was wrong in it], or null if it is not about this playground. */
  function read(fragment, id, description, landscapes, catalog) {
    if (fragment !== id && !fragment.startsWith(`${id}?`)) return null;
    const state = initial(description);
    const link = new Link(fragment, id, ["landscape", "x", "y", "steps", "noise", "decay", "step", "run"]);
    const { words, problems } = link;
    const complain = (text) => link.complain(text);
    const number = (...given) => link.number(...given);

    if (words.has("landscape")) {
      const asked = landscapes.find((l) => l.name === words.get("landscape"));
      if (asked) {
        if (asked.name !== state.landscape) [state.x, state.y] = asked.start;
        state.landscape = asked.name;
      } else complain(`There is no landscape “${words.get("landscape")}”. ${state.landscape} is used.`);
    }
    const { box } = landscapes.find((l) => l.name === state.landscape);
    ["x", "y"].forEach((name, i) => {
      if (words.has(name)) state[name] = number(`the start's ${name}`, words.get(name), ...box[i], false, state[name]);
    });
    for (const name of ["steps", "noise", "decay"]) {
      const control = description[name];
      if (!words.has(name)) continue;
      if (!control) complain(`The link sets ${name}, which this playground does not have. It is left out.`);
      else state[name] = number(name, words.get(name), control.low, control.high, name === "steps", state[name]);
    }
    if (words.has("step")) {
      state.step = number("the step", words.get("step"), 0, state.steps, true, state.steps);
    }
    if (words.has("run")) {
      const runs = words.getAll("run");
      if (runs.length > 4) complain(`The link has ${runs.length} optimizers. The first four are used.`);
      const entries = runs.slice(0, 4).map((text, i) => entry(text, i)).filter(Boolean);
      if (entries.length) state.optimizers = entries;
    }
    return [state, problems];

    function entry(text, index) {
      const [name, ...settings] = text.split(" ");
      const found = kind(description, catalog, name, index);
      if (!found) return void complain(`There is no optimizer “${name}”. It is left out.`);
      const result = { name, settings: { ...found.settings }, noisy: true };
      for (const word of settings) {
        if (word === "exact") {
          result.noisy = false;
          continue;
        }
        const [key, value = ""] = word.split(":");
        const control = found.controls.find((c) => c.name === key);
        const what = `${key} of ${name}`;
        if (!control) complain(`The link sets ${what}, which it does not have. It is left out.`);
        else if (control.kind === "bool") result.settings[key] = link.truth(what, value, control.value);
        else if (control.kind === "choice") {
          const word = value === "own" ? null : value;
          if (control.choices.includes(word)) result.settings[key] = word;
          else complain(`The link sets ${what} to “${value}”, but it must be one of ${control.choices.map((one) => one ?? "own").join(", ")}. ${control.value ?? "own"} is used.`);
        } else if (value === "own" && control.optional) result.settings[key] = null;
        else result.settings[key] = number(what, value, control.low, control.high, false, result.settings[key]);
      }
      return result;
    }
  }

  Object.assign(globalThis.ScratchOptimParts, { state: { kind, initial, write, read } });
})();
