import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { unzipSync } from "fflate";
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAdapter } from "../../ts/io/peft/index.js";
import { Studio } from "../../scripts/studio/driver.mjs";

let studio: Studio;
let page: Page;
beforeAll(async () => {
  studio = await Studio.start();
});
afterAll(() => studio?.end());

/** What a click gives to save. */
async function saved(page: Page, title: string): Promise<{ name: string; bytes: Uint8Array }> {
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: `Save: ${title}` }).click();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: new Uint8Array(await readFile(await download.path())) };
}

it(
  "the example is trained to 80 % and more, judged, mended, taken away and loaded back, and no request carries a text",
  { timeout: 300_000 },
  async () => {
    page = await studio.open();
    await page.getByRole("button", { name: "Try the example" }).click();
    await expect.poll(() => page.locator("div.how-read .facts").innerText()).toContain("800 rows");
    await page.getByRole("link", { name: "Go on to training" }).click();
    await page.getByLabel("Quick look").check();
    await page.getByRole("button", { name: "Start training" }).click();
    await page.locator(".curve canvas").waitFor({ timeout: 120_000 });
    await page.getByText(/Foretold from its first steps: .* MB of memory/).waitFor();
    await page.getByText(/^Measured once, on 80 texts/).waitFor({ timeout: 240_000 });

    // Beside the head alone, and the most frequent label.
    const shareOf = (title: string) => async () =>
      parseFloat(await page.locator(".sides div", { hasText: title }).locator(".big").first().innerText());
    await expect.poll(shareOf("Head and adapter")).toBeGreaterThanOrEqual(80);
    await expect.poll(shareOf("Head alone")).toBeGreaterThan(70);
    await expect.poll(shareOf("Always the most frequent label")).toBeLessThan(60);
    const counts = async () => (await page.locator(".confusion td button").allInnerTexts()).map(Number);
    await expect.poll(async () => (await counts()).reduce((sum, count) => sum + count, 0)).toBe(80);
    const [, wrong] = await counts();
    await page.getByRole("button", { name: /labelled “negative”, called “positive”/ }).click();
    await page.locator("dialog[open]").waitFor();
    await expect.poll(() => page.locator(".texts li").count()).toBe(wrong);
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("dialog").count()).toBe(0);

    await page.getByPlaceholder("A sentence of your own").fill("A warm, funny and moving film.");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.locator("div.odds.head li, .ask .problem").first().waitFor({ timeout: 120_000 });
    expect(await page.locator(".problem").allInnerTexts()).toEqual([]);
    await expect.poll(() => page.locator("div.odds.adapter li .name").first().innerText()).toBe("positive");

    const studioShare = parseFloat(await page.locator("div.odds.adapter li .number").first().innerText());
    await expect.poll(() => page.locator("div.odds.base li").count()).toBe(2);

    // A file of sentences comes back with their labels.
    const table = 'id,text\n1,"=dull, lifeless and far too long"\n2,"A joy from beginning to end"\n';
    const input = page.locator(".label-file input[type=file]");
    await input.setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from(table) });
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: "Label 2 rows" }).click();
    const lines = (await readFile(await (await coming).path(), "utf8")).split(/\r?\n/);
    expect(lines[0]).toBe("\ufeffid,text,label_predicted,probability");
    expect(lines[1]).toMatch(/^1,"'=dull, lifeless and far too long",negative,0\.\d{4}$/);
    expect(lines[2]).toMatch(/,positive,0\.\d{4}$/);

    // Doubtful rows are mended in the table.
    await page.getByRole("button", { name: "Look for doubtful labels" }).click();
    const first = page.locator(".doubts li").first();
    await first.waitFor({ timeout: 60_000 });
    await first.getByRole("button", { name: "Remove the row" }).click();
    await page.getByText("1 change since this run").waitFor();

    // Sentences without a label are put in the order in which labels teach the most.
    const fresh =
      "A masterpiece of joy and wit.\nIt is there, and then it is over.\nDreadful, boring, dull and stupid.\n";
    const bring = page.locator(".next input[type=file]");
    await bring.setInputFiles({ name: "fresh.txt", mimeType: "text/plain", buffer: Buffer.from(fresh) });
    await page.getByRole("button", { name: "Look through 3 rows without a label" }).click();
    const next = page.locator(".next li");
    await expect.poll(() => next.count()).toBe(3);
    const ahead = async (i: number) => {
      const [p, q] = (await next.nth(i).locator(".facts").innerText()).match(/[\d.]+(?= %)/g)!.map(Number);
      return p! - q!;
    };
    expect(await ahead(0)).toBeLessThanOrEqual(await ahead(1));
    expect(await ahead(1)).toBeLessThanOrEqual(await ahead(2));
    await next.first().getByRole("button", { name: "positive" }).click();
    await page.getByText("2 changes since this run").waitFor();
    await expect.poll(() => page.locator(".next li .hint").innerText()).toContain("It has a label now.");

    await page.getByRole("link", { name: "Take away" }).click();
    const zip = await saved(page, "Adapter and head");
    expect(zip.name).toBe("Film-reviews-adapter.zip");
    const files = unzipSync(zip.bytes);
    expect(readAdapter(files).layers.size).toBe(18);
    const config = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as unknown;
    expect(config).toMatchObject({ base_model_name_or_path: "sentence-transformers/all-MiniLM-L6-v2", r: 8 });
    const report = JSON.parse(new TextDecoder().decode(files["report.json"])) as {
      result: { after: { accuracy: number } };
    };
    expect(report.result.after.accuracy).toBeGreaterThanOrEqual(0.8);
    // One file classifies by itself, opened from the disk and without a network, and reaches for nothing.
    const title = "A warm, funny and moving film.";
    const shownSize = await page.locator(".items li", { hasText: "A page that classifies" }).innerText();
    const alone = await saved(page, "A page that classifies");
    const stated = Number(/About ([\d,]+) MB/.exec(shownSize)![1]) * 1e6;
    expect(Math.abs(alone.bytes.length - stated)).toBeLessThan(0.05 * stated);
    const place = join(studio.folder, alone.name);
    await writeFile(place, alone.bytes);
    const opened = await page.context().newPage();
    await page.context().setOffline(true);
    await opened.goto(pathToFileURL(place).href);
    await opened.getByText("Ready.").waitFor({ timeout: 60_000 });
    await opened.getByLabel("A text, or several").fill(`${title}\nIt is dreadful and boring.`);
    await opened.getByRole("button", { name: "Classify" }).click();
    await expect.poll(() => opened.locator("li dt:first-child").allInnerTexts()).toEqual(["positive", "negative"]);
    const share = parseFloat(await opened.locator("li dd").first().innerText());
    expect(Math.abs(share - studioShare)).toBeLessThanOrEqual(0.5);
    await opened.close();
    await page.context().setOffline(false);
    const head = unzipSync((await saved(page, "Head alone")).bytes);
    expect(Object.keys(head).sort()).toEqual(["head.safetensors", "labels.json"]);

    // Another visit remembers the run; the zip comes back as a run of its own.
    await page.reload();
    await page.getByRole("link", { name: "Take away" }).click();
    await expect.poll(() => page.locator(".history tbody tr").count()).toBe(1);
    const load = page.locator(".load input[type=file]");
    await load.setInputFiles({ name: "mine.zip", mimeType: "application/zip", buffer: Buffer.from(zip.bytes) });
    await page.locator(".history tr", { hasText: "mine.zip" }).waitFor({ timeout: 60_000 });
    await page.getByRole("link", { name: "Judge" }).click();
    await page.getByPlaceholder("A sentence of your own").fill("It is dreadful and boring.");
    await page.getByRole("button", { name: "Ask" }).click();
    await expect.poll(() => page.locator("div.odds.adapter li .name").first().innerText()).toBe("negative");

    const foreign = studio.asked.filter(({ url }) => !url.startsWith(studio.url) && !/^(blob|file|data):/.test(url));
    expect(foreign).toEqual([]);
    expect(studio.asked.filter(({ url, body }) => body !== null || /[?].*\w/.test(url))).toEqual([]);
  },
);
