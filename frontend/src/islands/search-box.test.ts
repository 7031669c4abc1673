import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "./search-box";

const FRAGMENT = `<div role="listbox" id="search-options">
  <a role="option" id="search-option-1" aria-selected="false" href="#attention">Attention</a>
  <a role="option" id="search-option-2" aria-selected="false" href="#audio">Audio</a></div>`;
const ask = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", ask.mockReset().mockImplementation(() => Promise.resolve(new Response(FRAGMENT))));
  location.hash = "";
  document.body.innerHTML = `<button>elsewhere</button><search-box suggestions="/search/suggestions">
    <form action="/search"><input type="search" name="q"></form></search-box>`;
});
afterEach(() => vi.useRealTimers());

const input = (): HTMLInputElement => document.querySelector("input")!;
const panel = (): HTMLElement => document.querySelector(".options")!;
const said = (name: string): string | null => input().getAttribute(name);

async function type(text: string): Promise<void> {
  input().focus();
  input().value = text;
  input().dispatchEvent(new Event("input", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(200);
}

function key(name: string, more: KeyboardEventInit = {}, on: EventTarget = input()): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more });
  on.dispatchEvent(event);
  return event;
}

test("Ctrl K and Command K put the cursor into the box, from anywhere", () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }]) {
    document.querySelector("button")!.focus();
    expect(key("k", more, document.body).defaultPrevented).toBe(true);
    expect(document.activeElement).toBe(input());
    expect(document.querySelector("search-box")!.classList.contains("open")).toBe(true);
  }
});

test("a Ctrl K that somebody else answered is left alone", () => {
  document.body.addEventListener("keydown", (event) => event.preventDefault(), { once: true });
  key("k", { ctrlKey: true }, document.body);
  expect(document.activeElement).not.toBe(input());
});

test("it asks once the typing rests, and shows what comes", async () => {
  await type("at");
  expect(ask).toHaveBeenCalledTimes(1);
  expect(ask.mock.calls[0]![0]).toBe("/search/suggestions?q=at");
  expect(panel().hidden).toBe(false);
  expect(said("aria-expanded")).toBe("true");
  expect(document.querySelector("[role=status]")!.textContent).toBe("2 suggestions");
});

test("the same question is asked once", async () => {
  await type("at");
  await type("att");
  await type("at");
  expect(ask).toHaveBeenCalledTimes(2);
  expect(panel().hidden).toBe(false);
});

test("an answer that comes too late is not shown", async () => {
  let answer: (response: Response) => void = () => undefined;
  ask.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
  await type("a");
  input().value = "";
  answer(new Response(FRAGMENT));
  await vi.advanceTimersByTimeAsync(1);
  expect(panel().hidden).toBe(true);
});

test("arrow keys walk the options and come back to the field", async () => {
  await type("at");
  const seen: (string | null)[] = [];
  for (const name of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"]) {
    key(name);
    seen.push(said("aria-activedescendant"));
  }
  expect(seen).toEqual(["search-option-1", "search-option-2", null, "search-option-2"]);
  expect(document.querySelector("#search-option-2")!.getAttribute("aria-selected")).toBe("true");
  expect(document.querySelector("#search-option-1")!.getAttribute("aria-selected")).toBe("false");
});

test("Enter opens the option, and without one leaves the form to the browser", async () => {
  await type("at");
  expect(key("Enter").defaultPrevented).toBe(false);
  const opened = vi.fn((event: Event) => event.preventDefault());
  document.querySelector("#search-option-1")!.addEventListener("click", opened);
  key("ArrowDown");
  expect(key("Enter").defaultPrevented).toBe(true);
  expect(opened).toHaveBeenCalledOnce();
});

test("Escape closes the options first and leaves the box then", async () => {
  await type("at");
  key("Escape");
  expect(panel().hidden).toBe(true);
  expect(said("aria-expanded")).toBe("false");
  expect(document.activeElement).toBe(input());
  key("Escape");
  expect(document.activeElement).not.toBe(input());
});

test("leaving closes it", async () => {
  await type("at");
  document.querySelector("button")!.focus();
  expect(panel().hidden).toBe(true);
  expect(document.querySelector("search-box")!.classList.contains("open")).toBe(false);
});

test("a refusal is read out, and a broken network closes quietly", async () => {
  ask.mockResolvedValueOnce(new Response(`<p class="none">Nothing here says “zz”.</p>`));
  await type("zz");
  expect(panel().hidden).toBe(false);
  expect(said("aria-expanded")).toBe("false");
  expect(document.querySelector("[role=status]")!.textContent).toContain("Nothing here says");
  ask.mockRejectedValueOnce(new TypeError("offline"));
  await type("zzz");
  expect(panel().hidden).toBe(true);
});
