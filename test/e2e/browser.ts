/** Opens pages in the host's Chromium, and notes what they request and complain about. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Skip } from "../requirements.js";

const CHROMIUM = "/usr/bin/chromium";

export const needsChromium: Skip = existsSync(CHROMIUM) ? false : "needs chromium";

/** Without a sandbox, which root cannot have; the pages are the test's own. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"], timeout: 60_000 });
}

export interface Observed {
  readonly page: Page;
  /** The addresses that the page requested, itself included. */
  readonly requests: string[];
  /** Console messages, uncaught errors, violations of the policy, and dialogs. */
  readonly complaints: string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Observed> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  await page.waitForSelector("body[data-ready]");
  return { page, requests, complaints };
}
