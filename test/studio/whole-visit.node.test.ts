// @needs browser
// @rest studio
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { servedStudio } from "../cli/commands/served-studio.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { answered, begin, finished, openTable, saved, tinyStudio } from "./tiny-studio.js";

/** A proxy for everything that is not on this machine: it notes what it is asked, and passes nothing on. */
const elsewhere: string[] = [];
/** Chromium itself looks for updates and for forms that it knows, whatever page is open. */
const ofBrowser = /^(https?:\/\/)?[\w.-]+\.(google|googleapis|gvt1)\.com[:/]/;
const note = ({ url }: IncomingMessage) => void (ofBrowser.test(url!) || elsewhere.push(url!));
const proxy = createServer((request, response) => {
  note(request);
  response.writeHead(502).end();
});
proxy.on("connect", (request: IncomingMessage, socket) => {
  note(request);
  socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
});

let studio: Studio;
beforeAll(async () => {
  await new Promise<void>((ready) => proxy.listen(0, "127.0.0.1", ready));
  const { port } = proxy.address() as AddressInfo;
  const { result: policy } = await servedStudio(async (url) =>
    (await fetch(url)).headers.get("Content-Security-Policy")!,
  );
  const args = [`--proxy-server=http://127.0.0.1:${port}`];
  ({ studio } = await tinyStudio(await tinyEncoder(), { policy, args }));
});
afterAll(async () => {
  await studio?.end();
  proxy.close();
});

it("on a whole visit, every request is a GET or HEAD for a file beside the page, without a body or a query", async () => {
  const page = await openTable(studio);
  const refused: string[] = [];
  page.on("console", (message) => /Content.Security.Policy/i.test(message.text()) && refused.push(message.text()));
  await begin(page);
  await finished(page);
  await answered(page, "the story was warm and secret");
  await page.getByRole("button", { name: "Look for doubtful labels" }).click();
  await page.locator(".doubts li").first().waitFor();
  await page.locator(".doubts").getByRole("button", { name: "It is right" }).first().click();
  const input = page.locator(".label-file input[type=file]");
  await input.setInputFiles({
    name: "new.csv",
    mimeType: "text/csv",
    buffer: Buffer.from("id,text\n1,the music was warm\n2,the story was dull\n"),
  });
  await saved(page, "Label 2 rows");
  await page.getByRole("link", { name: "Download" }).click();
  for (const name of ["Adapted model", "A web page that labels texts", "Report"]) await saved(page, `Save: ${name}`);
  await saved(page, "Save the project");
  for (const view of ["compare", "search", "rank", "chat", "together", "kernels", "data"]) {
    await page.goto(`${studio.url}#${view}`);
    await page.locator("main h1").first().waitFor();
  }
  expect(refused).toEqual([]);

  // By the server, which also sees what workers ask for.
  expect(studio.received.length).toBeGreaterThan(20);
  const files = /^\/((assets|models\/all-MiniLM-L6-v2)\/[\w./-]+|[\w.-]*)$/;
  const strange = studio.received.filter(
    ({ method, url, bytes }) => !/^(GET|HEAD)$/.test(method) || !files.test(url) || bytes > 0,
  );
  // Of the chat's model it asks only whether it is beside the page.
  expect(strange.filter(({ url }) => !/^\/models\/SmolLM2[\w/.-]*$/.test(url))).toEqual([]);
  expect(elsewhere).toEqual([]);

  // The proxy would have seen it, if the policy let it.
  await page.evaluate("fetch('http://elsewhere.example/').catch(() => undefined)");
  expect(elsewhere).toEqual([]);
  await page.evaluate("fetch('https://huggingface.co/').catch(() => undefined)");
  expect(elsewhere).toEqual(["huggingface.co:443"]);
});

it("says that the policy refuses a site whose address was typed", async () => {
  const page = await studio.open("chat");
  await page.getByRole("textbox", { name: "address" }).fill("http://models.example/model.gguf");
  await page.locator(".address button").click();
  await page.getByText("This page may not ask that site.").waitFor();
  await page.getByText("Technical message").click();
  await page.getByText("npx lowrank studio --connect http://models.example").waitFor();
});
