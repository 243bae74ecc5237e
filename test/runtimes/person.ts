import type { Page } from "../browsers/browser.mjs";

/** What a person does and sees, by what is written on it. */
const person = `
  const until = async (look) => {
    // A page that stays as it is says what it shows.
    for (const ends = Date.now() + 150_000; Date.now() < ends; ) {
      const found = look();
      if (found) return found;
      // One that is empty waits for what it will say.
      const failed = [...document.querySelectorAll("[role=alert]")].find((alert) => alert.innerText.trim() !== "");
      if (failed) throw new Error(failed.innerText);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(look + " finds nothing: " + document.body.innerText);
  };
  const named = (element) => element.getAttribute("aria-label") ?? element.innerText;
  const click = async (name) => {
    const all = () => [...document.querySelectorAll("button:enabled, a, label")];
    // What is in a menu that is closed is seen by nobody.
    const isSeen = (element) => element.getClientRects().length > 0;
    (await until(() => all().find((element) => isSeen(element) && named(element).trim().startsWith(name)))).click();
  };
  const choose = async (selector, name, content) => {
    const input = await until(() => document.querySelector(selector + " input[type=file]"));
    const given = new DataTransfer();
    given.items.add(new File([typeof content === "string" ? content : new Uint8Array(content)], name));
    input.files = given.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const seen = (text) => until(() => document.body.innerText.includes(text));
  const fill = async (selector, text) => {
    const field = await until(() => document.querySelector(selector));
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value");
    set.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const paste = async (rows) => {
    await click("Paste rows");
    await fill("dialog textarea", rows);
    await click("Use these rows");
  };
  // No text is longer than the tiny model's positions.
  const trainQuickly = async () => {
    await click("Go on to training");
    await click("Quick look");
    document.querySelector(".details").open = true;
    const field = [...document.querySelectorAll("label")].find((label) => label.innerText.startsWith("Longest text")).querySelector("input");
    field.id = "tokens";
    await fill("#tokens", "32");
    await click("Start training");
  };
  const ask = async (text) => {
    await fill(".ask input", text);
    await click("Ask");
    await until(() => document.querySelector(".answers blockquote")?.innerText === text);
    const best = await until(() => document.querySelector("div.odds.adapter li"));
    return [best.querySelector(".name").innerText, best.querySelector(".number").innerText];
  };
`;

/** Has a page do what a person would, in words of those functions; gives what it returns. */
export const does = <T = void>(page: Page, work: string): Promise<T> =>
  page.evaluate(`(async () => { ${person} ${work} })()`) as Promise<T>;
