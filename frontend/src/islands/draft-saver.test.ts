import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "./draft-saver";

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
const fetched = vi.fn<(url: string, options: RequestInit) => Promise<Response>>();

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  fetched.mockReset();
  vi.stubGlobal("fetch", fetched);
  build();
});

afterEach(() => {
  document.body.innerHTML = "";
  vi.useRealTimers();
});

function build(text = "a = 1", version = 3): void {
  document.body.innerHTML = `<draft-saver url="/draft" version="${version}"><form>
    <input type="hidden" name="csrfmiddlewaretoken" value="secret"><span data-draft-state></span>
    <textarea name="file:solution.py">${text}</textarea></form></draft-saver>`;
}

const area = (): HTMLTextAreaElement => document.querySelector("textarea")!;
const state = (): string => document.querySelector("[data-draft-state]")!.textContent!;
const press = (label: string): void => [...document.querySelectorAll("button")].find((b) => b.textContent === label)!.click();
const sent = (call: number): unknown => JSON.parse(fetched.mock.calls[call]![1].body as string);

async function write(text: string, wait = 700): Promise<void> {
  area().value = text;
  area().dispatchEvent(new Event("input", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(wait);
}

test("typing is saved once it pauses, with the version that was read and the form's secret", async () => {
  fetched.mockResolvedValue(json({ version: 4 }));
  await write("a = 2", 100);
  await write("a = 22");
  expect(fetched).toHaveBeenCalledTimes(1);
  expect(sent(0)).toEqual({ files: { "solution.py": "a = 22" }, version: 3 });
  expect(fetched.mock.calls[0]![1].headers).toMatchObject({ "X-CSRFToken": "secret" });
  expect(state()).toBe("Saved");
});

test("the next save builds on the version that the server gave", async () => {
  fetched.mockResolvedValueOnce(json({ version: 4 })).mockResolvedValueOnce(json({ version: 5 }));
  await write("b");
  await write("c");
  expect(sent(1)).toMatchObject({ version: 4 });
});

test("signed out: the text is kept in this browser, and saved after signing in elsewhere", async () => {
  fetched.mockResolvedValueOnce(json({}, 401)).mockResolvedValueOnce(json({ version: 4 }));
  await write("precious");
  expect(state()).toContain("Sign in in another tab");
  expect(localStorage.getItem("draft:/draft")).toContain("precious");
  await vi.advanceTimersByTimeAsync(6000);
  expect(state()).toBe("Saved");
  expect(localStorage.getItem("draft:/draft")).toBeNull();
});

test("kept text is offered after a reload", async () => {
  fetched.mockRejectedValueOnce(new TypeError("offline"));
  await write("precious");
  build();
  fetched.mockResolvedValue(json({ version: 4 }));
  press("Restore it");
  await vi.advanceTimersByTimeAsync(700);
  expect(area().value).toBe("precious");
  expect(sent(1)).toMatchObject({ files: { "solution.py": "precious" } });
});

test("kept text that the server has by now is forgotten silently", async () => {
  fetched.mockRejectedValueOnce(new TypeError("offline"));
  await write("precious");
  build("precious");
  expect(document.querySelector("[data-offer]")).toBeNull();
  expect(localStorage.length).toBe(0);
});

test("a newer draft elsewhere is a choice, and nothing is overwritten before it is made", async () => {
  fetched.mockResolvedValueOnce(json({ draft: { version: 9, files: { "solution.py": "theirs" } } }, 409));
  await write("mine");
  await write("mine, more", 10_000);
  expect(fetched).toHaveBeenCalledTimes(1);
  press("Load the newer draft");
  expect(area().value).toBe("theirs");
});

test("keeping mine saves over the newer version", async () => {
  fetched.mockResolvedValueOnce(json({ version: 9, files: { "solution.py": "theirs" } }, 409)).mockResolvedValueOnce(json({ version: 10 }));
  await write("mine");
  press("Keep mine");
  await vi.advanceTimersByTimeAsync(700);
  expect(sent(1)).toEqual({ files: { "solution.py": "mine" }, version: 9 });
});

test("a draft that the server refuses says why, and is not sent again and again", async () => {
  fetched.mockResolvedValue(json({ detail: "A draft holds 200 000 characters." }, 413));
  await write("long");
  await vi.advanceTimersByTimeAsync(30_000);
  expect(state()).toBe("Not saved: A draft holds 200 000 characters.");
  expect(fetched).toHaveBeenCalledTimes(1);
});

test("leaving asks only while something is unsaved", async () => {
  const leave = (): boolean => window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  expect(leave()).toBe(true);
  fetched.mockRejectedValue(new TypeError("offline"));
  await write("unsaved");
  expect(leave()).toBe(false);
});
