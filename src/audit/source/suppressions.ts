/** Comments that suppress findings: `mayfly-ok TMP004: reason`, on the line of the finding or on the one above it. */

const COMMENT = /mayfly-ok[ \t]+([A-Z]+\d{3}(?:[ \t]*,[ \t]*[A-Z]+\d{3})*)[ \t]*:[ \t]*(\S.*)/;
/** What may follow the reason: the end of a comment. */
const END = /\s*(\*\/|-->|\*\))\s*$/;

/** Returns a function that gives the reason for which a rule is suppressed on a line, if it is. */
export function suppressionsIn(text: string): (rule: string, line: number) => string | undefined {
  if (!text.includes("mayfly-ok")) return () => undefined;
  const lines = text.split("\n");
  const reason = (rule: string, line: string | undefined): string | undefined => {
    const match = COMMENT.exec(line ?? "");
    if (match === null || !(match[1] ?? "").split(/[ \t]*,[ \t]*/).includes(rule)) return undefined;
    return (match[2] ?? "").replace(END, "");
  };
  return (rule, line) => {
    const above = lines[line - 2];
    return reason(rule, lines[line - 1]) ?? (isComment(above) ? reason(rule, above) : undefined);
  };
}

function isComment(line: string | undefined): boolean {
  return /^\s*(#|\/\/|\/\*|\*|--|;)/.test(line ?? "");
}
