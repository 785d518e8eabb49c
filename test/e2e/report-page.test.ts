/** The page of mayfly report in a browser: what it shows, its keys, its policy, and names that would break it. */
import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { makeScratch, removeScratch } from "../scratch.js";
import { needsChromium, openPage, startBrowser } from "./browser.js";
import { MAYFLY, mayfly, ROOT, start } from "./program.js";

const place = makeScratch();
let browser: Browser | undefined;

before(async () => {
  if (needsChromium === false) browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  removeScratch(place);
});

const DAY = 86_400;

/** A tree with directories that go soon, later and never, and the page of it. */
function pageOf(
  name: string,
  fill: (top: string) => void,
  lines: (top: string) => readonly string[],
): string {
  const top = join(place, name);
  mkdirSync(top);
  fill(top);
  const config = join(place, `${name}.conf`);
  writeFileSync(config, `${lines(top).join("\n")}\n`);
  const page = join(place, `${name}.html`);
  const { status, stderr } = mayfly(["report", "--config", config, "--output", page, top]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  return page;
}

function aged(path: string, days: number, size = 5_000): void {
  writeFileSync(path, "x".repeat(size));
  const time = Date.now() / 1000 - days * DAY;
  utimesSync(path, time, time);
}

const plain = (): string =>
  pageOf(
    "plain",
    (top) => {
      for (const [directory, days] of [
        ["old", 20],
        ["middle", 6],
        ["new", 0],
      ] as const) {
        mkdirSync(join(top, directory, "inner"), { recursive: true });
        for (let index = 0; index < 4; index++)
          aged(join(top, directory, `f${index}`), days, 20_000 * (index + 1));
        aged(join(top, directory, "inner", "deep"), days, 90_000);
      }
      aged(join(top, "sticky"), 20);
      chmodSync(join(top, "sticky"), 0o1644);
    },
    (top) => [`d ${top} - - - mM:10d`, `x ${top}/new`],
  );

let page: string | undefined;
const plainPage = (): string => {
  page ??= plain();
  return page;
};

async function opened(file: string, options = {}) {
  assert.ok(browser);
  return await openPage(browser, `file://${file}`, options);
}

const focused = (view: Page): Promise<string> =>
  view.evaluate<string>("document.activeElement?.getAttribute('aria-label') ?? ''");

test("the page is one file, small, and only its owner can read it", () => {
  const { mode, size } = statSync(plainPage());
  assert.equal(mode & 0o777, 0o600);
  assert.ok(size <= 300 << 10, `${size} bytes`);
  const redirected = join(place, "redirected.html");
  start("sh", [
    "-c",
    `umask 022; "$0" "$1" report --within 1d "$2" > "$3"`,
    process.execPath,
    MAYFLY,
    place,
    redirected,
  ]);
  assert.equal(statSync(redirected).mode & 0o777, 0o600);
  assert.match(readFileSync(redirected, "utf8"), /^<!doctype html>[\s\S]*<\/html>\n$/);
});

test("it makes one request, and neither an error nor a warning", { skip: needsChromium }, async () => {
  const { page: view, requests, complaints } = await opened(plainPage());
  assert.deepEqual(requests, [`file://${plainPage()}`]);
  assert.deepEqual(complaints, []);
  const policy = (await view.getAttribute("meta[http-equiv]", "content")) ?? "";
  assert.match(
    policy,
    /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'; img-src data:; base-uri/,
  );
  // What the policy does not name does not run.
  await view.evaluate(`{
    const script = document.createElement("script");
    script.textContent = "document.body.dataset.injected = 'true'";
    document.body.append(script);
  }`);
  assert.equal(await view.getAttribute("body", "data-injected"), null);
  assert.match(complaints.join("\n"), /Content Security Policy/);
});

test("it shows the figures of the report", { skip: needsChromium }, async () => {
  const { page: view } = await opened(plainPage());
  const data = JSON.parse((await view.textContent("#data")) ?? "") as {
    readonly entries: number;
    readonly owners: readonly { readonly entries: number }[];
    readonly runs: readonly { readonly entries: number }[];
  };
  assert.match((await view.textContent("#summary")) ?? "", new RegExp(` in ${data.entries} entries\\.`));
  const columns = async (table: string, column: number): Promise<number[]> => {
    const cells = await view.locator(`#${table} tbody td:nth-child(${column})`).allTextContents();
    return cells.map((text) => Number(text.replace(/,/g, "")));
  };
  const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
  assert.deepEqual(
    await columns("owners", 3),
    data.owners.map(({ entries }) => entries),
  );
  assert.equal(sum(await columns("entries", 3)), data.entries);
  assert.equal(sum(await columns("lines", 3)), data.entries);
  assert.equal(sum(await columns("days", 3)), sum(data.runs.map(({ entries }) => entries)));
  assert.match((await view.textContent("#kept")) ?? "", /it has the sticky bit/);
  await choose(view, "owner");
  await choose(view, "entries");
  assert.match((await view.locator(".box").first().getAttribute("aria-label")) ?? "", /\d+ entries, /);
});

const ARROWS = ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"];

test("the whole drill-down works by keyboard", { skip: needsChromium }, async () => {
  const { page: view, complaints } = await opened(plainPage());
  for (let tabs = 0; tabs < 12 && !(await focused(view)).includes("directory"); tabs++)
    await view.keyboard.press("Tab");
  const seen = new Set<string>();
  await view.keyboard.press("Home");
  for (let moves = 0; moves < 24; moves++) {
    seen.add((await focused(view)).split(",")[0] ?? "");
    await view.keyboard.press(ARROWS[(moves * 7 + (moves >> 2)) % 4] ?? "");
  }
  await view.keyboard.press("End");
  seen.add((await focused(view)).split(",")[0] ?? "");
  assert.deepEqual([...seen].sort(), ["middle", "new", "old", "sticky"]);
  await view.keyboard.press("Home");
  const first = (await focused(view)).split(",")[0];
  assert.match((await view.textContent("#details")) ?? "", new RegExp(`/${first}`));
  await view.keyboard.press("Enter");
  assert.equal(await view.locator("#trail li").count(), 2);
  await view.keyboard.press("Home");
  await view.keyboard.press("Enter");
  for (const depth of [2, 1]) {
    if ((await view.locator("#trail li").count()) > depth) await view.keyboard.press("Escape");
    assert.equal(await view.locator("#trail li").count(), depth);
  }
  await view.keyboard.press("Escape");
  assert.equal(await view.locator("#trail li").count(), 1);
  assert.deepEqual(complaints, []);
});

test("a selected entry has the answer of explain", { skip: needsChromium }, async () => {
  const { page: view } = await opened(plainPage());
  await view.locator('.box[aria-label^="new,"]').focus();
  const details = (await view.textContent("#details")) ?? "";
  assert.match(details, /a line of its own is for it/);
  assert.match(details, /plain\.conf:2 x /);
  await view.locator('.box[aria-label^="middle,"]').focus();
  const middle = (await view.textContent("#details")) ?? "";
  assert.match(middle, /Decisive[mac]time of \d{4}-\d\d-\d\d/);
  assert.match(middle, /mayfly explain \//);
});

/** The page needs no scrolling from side to side. */
async function assertFits(view: Page): Promise<void> {
  const widths = await view.evaluate<[number, number]>("[document.documentElement.scrollWidth, innerWidth]");
  assert.ok(widths[0] <= widths[1], `${widths}`);
}

const choose = (view: Page, name: string): Promise<void> =>
  view.getByRole("radio", { name, exact: true }).check();

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing, ${colorScheme}`, { skip: needsChromium }, async () => {
    const { page: view } = await opened(plainPage(), { colorScheme, bypassCSP: true });
    await view.addScriptTag({
      content: readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8"),
    });
    for (const colouring of ["days left", "owner", "line"]) {
      await choose(view, colouring);
      const violations = await view.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const result = await axe.run();
        return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
      });
      assert.deepEqual(violations, [], colouring);
    }
  });
}

test("nothing is cut off on a narrow screen, at 200 %, and in print", { skip: needsChromium }, async () => {
  for (const options of [
    { viewport: { width: 320, height: 640 } },
    { viewport: { width: 640, height: 480 }, deviceScaleFactor: 2 },
    { viewport: { width: 1000, height: 800 }, reducedMotion: "reduce" as const },
  ]) {
    const { page: view } = await opened(plainPage(), options);
    await assertFits(view);
    assert.ok((await view.locator(".box").count()) >= 3);
    await view.emulateMedia({ media: "print" });
    assert.ok(await view.locator("#entries table").isVisible());
  }
});

/** Names as an attacker would choose them; each is a file of its own. */
function hostileNames(count: number): Buffer[] {
  const parts = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "\"'><svg onload=alert(1)>",
    "`$" + "{alert(1)}`",
    "\u202e\u2066evil\u2069",
    "\x1b[31m\x07\n\r\t",
    "\u2028\u2029\ufeff\u00ad\u200b",
    "<!--",
    "]]>",
    "&lt;&#x3c;&amp;",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "__proto__",
    "$&$1@DATA@@CONNECT@",
    "\\x41\\",
    "مرحبا",
    "e\u0301".repeat(20),
    "%3Cscript%3E",
  ];
  const bad = [
    Buffer.from([0xff, 0xfe]),
    Buffer.from([0xc3]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0x80, 0x3c]),
  ];
  return Array.from({ length: count }, (_, index) => {
    const text = parts[index % parts.length] ?? "";
    const other = parts[Math.floor(index / parts.length) % parts.length] ?? "";
    const own = index % 3 === 0 ? [bad[index % bad.length] ?? Buffer.alloc(0)] : [];
    return Buffer.concat([
      Buffer.from(`${index}`),
      ...own,
      Buffer.from(text.replaceAll("/", "∕")),
      Buffer.from(other.replaceAll("/", "∕")),
    ]);
  });
}

test("500 hostile names neither act nor break the layout, and their bytes can be read back", {
  skip: needsChromium,
}, async () => {
  const names = hostileNames(500);
  const file = pageOf(
    "hostile",
    (top) => {
      for (const name of names) {
        const path = Buffer.concat([Buffer.from(`${top}/`), name]);
        writeFileSync(path, "");
        truncateSync(path, 0);
      }
    },
    (top) => [`d ${top} - - - mM:10d`],
  );
  const { page: view, requests, complaints } = await opened(file);
  assert.equal(await view.title(), "Mayfly report");
  assert.equal(await view.locator("body > main").count(), 1);
  assert.equal(await view.locator("main img, main svg, main script").count(), 0);
  await choose(view, "entries");
  const shown = await view.locator("#entries tbody .link").allTextContents();
  assert.equal(shown.length, names.length);
  const read = new Set(shown.map((text) => readBack(text).toString("latin1")));
  for (const name of names)
    assert.ok(read.has(name.toString("latin1")), JSON.stringify(name.toString("latin1")));
  for (const text of shown) assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  for (const box of (await view.locator(".box").all()).slice(0, 40)) await box.focus();
  await assertFits(view);
  assert.deepEqual(requests, [`file://${file}`]);
  assert.deepEqual(complaints, []);
});

/** The bytes that a shown name stands for. */
function readBack(text: string): Buffer {
  const parts = text.split(/(\\\\|\\x[0-9a-f]{2})/);
  return Buffer.concat(
    parts.map((part) =>
      part === "\\\\"
        ? Buffer.from("\\")
        : part.startsWith("\\x")
          ? Buffer.from(part.slice(2), "hex")
          : Buffer.from(part),
    ),
  );
}
