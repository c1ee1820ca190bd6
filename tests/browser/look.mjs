// Opens every page of a folder from disk, without a network, in light, dark and on a phone, and tells what happened.
// node look.mjs CHROMIUM FOLDER RESULTS PAGE...
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, folder, results, ...pages] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MODES = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 } },
};

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
});

const open = async (name, mode) => {
  const context = await browser.newContext({ ...MODES[mode], offline: true, acceptDownloads: true });
  const page = await context.newPage();
  const told = { console: [], requests: [] };
  const url = pathToFileURL(join(folder, name)).href;
  page.on("console", (message) => message.type() === "error" && told.console.push(message.text()));
  page.on("pageerror", (error) => told.console.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== url && !/^(data|blob):/.test(request.url())) told.requests.push(request.url());
  });
  await page.goto(url, { waitUntil: "load" });
  return { context, page, told };
};

const audit = async (page) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((it) => ({ id: it.id, impact: it.impact, where: it.nodes.slice(0, 3).map((node) => node.html) }));
};

// The first column of numbers of each table, before and after its heading was pressed twice.
const sort = async (page) => {
  const column = (box) =>
    box.evaluate((node) => {
      const head = [...node.querySelectorAll("thead th")].findIndex((cell) => cell.querySelector("button"));
      return [...node.querySelectorAll("tbody tr")].map((row) => row.cells[head].textContent);
    });
  const told = [];
  for (const box of await page.locator(".ltv-table:has(thead button)").all()) {
    const button = box.locator("thead button").first();
    const before = await column(box);
    await button.click();
    const up = await button.locator("xpath=..").getAttribute("aria-sort");
    await button.click();
    const down = await button.locator("xpath=..").getAttribute("aria-sort");
    told.push({ before, after: await column(box), up, down });
  }
  return told;
};

const exports = async (page) => {
  const told = [];
  for (const button of await page.locator("button.csv").all()) {
    const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
    told.push({ name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") });
  }
  return told;
};

const all = [];
for (const name of pages) {
  for (const mode of Object.keys(MODES)) {
    const { context, page, told } = await open(name, mode);
    const seen = { name, mode, ...told, axe: await audit(page) };
    seen.wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    seen.screenshot = `${results}.${all.length}.png`;
    await page.screenshot({ path: seen.screenshot, fullPage: true });
    if (mode === "light") {
      seen.exports = await exports(page);
      seen.sorts = await sort(page);
      const search = page.locator("input[type=search]");
      if (await search.count()) {
        const rows = page.locator(".ltv-table tbody tr:visible");
        seen.rows = await rows.count();
        await search.fill("ads");
        seen.found = await rows.count();
      }
      seen.pdf = (await page.pdf({ format: "A4", tagged: true })).length;
    }
    all.push(seen);
    await context.close();
  }
}
await browser.close();
writeFileSync(results, JSON.stringify(all, null, 1));
