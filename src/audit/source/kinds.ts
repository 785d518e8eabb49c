/** Recognizes the language of a file by its name, or by its first line. */

const EXTENSIONS: Readonly<Record<string, string>> = {
  sh: "shell",
  bash: "shell",
  ksh: "shell",
  dash: "shell",
  bats: "shell",
  postinst: "shell",
  preinst: "shell",
  postrm: "shell",
  prerm: "shell",
  init: "shell",
  c: "c",
  h: "c",
  cc: "c++",
  cpp: "c++",
  cxx: "c++",
  "c++": "c++",
  hh: "c++",
  hpp: "c++",
  hxx: "c++",
  py: "python",
  pyw: "python",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  jsx: "javascript",
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  tsx: "tsx",
  go: "go",
  pl: "perl",
  pm: "perl",
  php: "php",
  rb: "ruby",
};

const INTERPRETERS: readonly (readonly [RegExp, string])[] = [
  [/\b(ba|da|k|z|a)?sh\b|@\w*SH(ELL)?(_PATH)?@/, "shell"],
  [/\bpython[\d.]*\b|@PYTHON/, "python"],
  [/\bnode(js)?\b/, "javascript"],
  [/\bperl\b|@PERL/, "perl"],
  [/\bphp\b/, "php"],
  [/\bruby\b/, "ruby"],
];

/** Files of these names may begin with `#!`. */
const MAYBE_SCRIPT = /^[^.]*$|\.(in|cgi|cron|hook|postinst|prerm|postrm|preinst|config|daily)$/;

/** The language; undefined if it is not supported; "" if only the first line shows it. */
export function languageByName(name: string): string | undefined {
  const inner = name.endsWith(".in") ? name.slice(0, -3) : name;
  const extension = inner.slice(inner.lastIndexOf(".") + 1);
  if (inner.includes(".") && Object.hasOwn(EXTENSIONS, extension)) return EXTENSIONS[extension];
  return MAYBE_SCRIPT.test(name) ? "" : undefined;
}

export function languageByFirstLine(text: string): string | undefined {
  if (!text.startsWith("#!")) return undefined;
  const [line = ""] = text.slice(0, 200).split("\n");
  return INTERPRETERS.find(([pattern]) => pattern.test(line))?.[1];
}

const TEST_DIRECTORY =
  /^(tests?|testing|__tests__|specs?|testdata|test-data|fixtures?|__fixtures__|__mocks__|e2e|testsuite|autopkgtest)$/i;
const TEST_FILE =
  /^(tests?[-_.]|conftest\.py$)|[-_.](tests?|spec)\.\w+$|_test\.go$|Tests?\.(java|php|cpp|js|ts)$/;

/** Whether a path below the operand belongs to tests: their paths are made up, and run nowhere that others use. */
export function isTestPath(path: string): boolean {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  return TEST_FILE.test(name) || parts.some((part) => TEST_DIRECTORY.test(part));
}
