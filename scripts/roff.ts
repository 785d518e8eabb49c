/** man(7) markup for one page. All text is escaped here, and nowhere else. */

/** Prose, in which `**bold**` and `*italics*` are marked up, and a blank line ends a paragraph. */
export function paragraphs(text: string): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => inline(paragraph.replace(/\s*\n\s*/g, " ")))
    .join("\n.PP\n");
}

/** One line of prose. */
export function inline(text: string): string {
  const marked = text
    .split(/(\*\*[^*]+\*\*|\*[^*\s][^*]*\*)/)
    .map((part) => {
      if (part.startsWith("**")) return `\\fB${escaped(part.slice(2, -2))}\\fP`;
      if (part.length > 2 && part.startsWith("*")) return `\\fI${escaped(part.slice(1, -1))}\\fP`;
      return escaped(part);
    })
    .join("");
  // A line that begins with a dot or an apostrophe would be a request.
  return /^[.']/.test(marked) ? `\\&${marked}` : marked;
}

/** A plain hyphen: groff would print a typographic one, which no shell accepts. */
function escaped(text: string): string {
  return text.replace(/\\/g, "\\e").replace(/-/g, "\\-");
}

export function heading(title: string): string {
  return `.SH "${escaped(title.toUpperCase())}"`;
}

/** A term and its meaning. */
export function item(term: string, meaning: string): string {
  return `.TP\n${inline(term)}\n${meaning}`;
}

/** A literal command line: an asterisk in it is not markup. */
export function commandLine(line: string): string {
  return [".nf", `\\fB${escaped(line)}\\fP`, ".fi"].join("\n");
}
