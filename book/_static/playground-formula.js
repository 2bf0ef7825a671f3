// A formula in plain letters, for pages that cannot set it: it has to read well, not to look like print.
(() => {
  const UP = { 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹", "-": "⁻" };
  const FRACTIONS = { 12: "½", 13: "⅓", 14: "¼", 16: "⅙", 18: "⅛", 23: "⅔", 34: "¾" };
  const WORDS = [
    [/\\(?:begin|end)\{\w+\}|\\left|\\right|\\[,;!]|&/g, ""], [/\\\\/g, " "], [/\\ /g, " "], [/\\cdot\s*/g, "·"], [/\\pi(?![a-z])\s*/g, "π"],
    [/\\(sin|cos|exp|max|min)(?![a-z])\s*/g, " $1 "], [/\]_\+/g, "]₊"], [/\s*([+-])\s*/g, " $1 "], [/([([{·^]|^) - /g, "$1-"], [/([([{]) +/g, "$1"],
  ];

  /** What stands in the braces that open at `at`, and where they end. */
  function braces(text, at) {
    let depth = 0;
    for (let k = at; k < text.length; k++) {
      depth += (text[k] === "{") - (text[k] === "}");
      if (!depth) return [text.slice(at + 1, k), k + 1];
    }
    return [text.slice(at + 1), text.length];
  }

  /** The argument of a command or of ^ at `at`: in braces, or one letter. */
  const argument = (text, at) => (text[at] === "{" ? braces(text, at) : [text[at] ?? "", at + 1]);

  const single = (text) => /^(?:[\w.π½¼]|[\d.]+)$/.test(text);
  const inBrackets = (text) => (single(text) ? text : `(${text})`);

  /** LaTeX as the landscapes use it, in plain letters. */
  function plain(latex) {
    let text = latex;
    for (const [what, by] of WORDS) text = text.replace(what, by);
    let out = "";
    for (let k = 0; k < text.length; ) {
      const command = text.slice(k).match(/^\\(tfrac|frac|sqrt)/);
      if (command?.[1] === "sqrt") {
        const [inner, next] = argument(text, k + command[0].length);
        [out, k] = [`${out}√${inBrackets(plain(inner))}`, next];
      } else if (command) {
        const [above, middle] = argument(text, k + command[0].length);
        const [below, next] = argument(text, middle);
        [out, k] = [out + (FRACTIONS[above + below] ?? `(${inBrackets(plain(above))}/${inBrackets(plain(below))})`), next];
      } else if (text[k] === "^") {
        const [power, next] = argument(text, k + 1);
        const small = [...power].every((letter) => UP[letter]);
        [out, k] = [out + (small ? [...power].map((letter) => UP[letter]).join("") : `^(${plain(power)})`), next];
      } else {
        out += text[k] === "{" || text[k] === "}" ? "" : text[k];
        k += 1;
      }
    }
    return out.replace(/ {2,}/g, " ").replaceAll("-", "−").trim();
  }

  globalThis.ScratchOptimParts.plain = plain;
})();
