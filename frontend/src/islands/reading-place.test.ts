import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "./reading-place";

const tops: Record<string, number> = { first: -400, second: 100, third: 900 };
const asked = vi.fn(() => Promise.resolve(new Response(null, { status: 204 })));

const open = (attributes: string): void => {
  document.body.innerHTML = `<form><input name="csrfmiddlewaretoken" value="token"></form>
    <ol class="ol"><li><a href="#first">First</a></li><li><a href="#second">Second</a></li></ol>
    <reading-place ${attributes}><h2 id="first">First</h2><h2 id="second">Second</h2><h2 id="third">Third</h2></reading-place>`;
};
const current = (): string | undefined => document.querySelector<HTMLAnchorElement>("a[aria-current]")?.hash;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", asked);
  vi.stubGlobal("innerHeight", 1000);
  asked.mockClear();
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function (this: HTMLElement) {
    return { top: tops[this.id] ?? 0 } as DOMRect;
  });
});
afterEach(() => {
  document.body.innerHTML = "";
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("the section whose heading was passed last is marked in the outline", () => {
  open("");
  expect(current()).toBe("#second");
});

test("the server is told once reading has stayed there for a while", async () => {
  open('url="/topics/x/reading"');
  expect(asked).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked).toHaveBeenCalledOnce();
  const [url, request] = asked.mock.calls[0] as unknown as [string, RequestInit];
  expect(url).toBe("/topics/x/reading");
  expect(request.method).toBe("PUT");
  expect(String(request.body)).toBe("section=second");
  expect(request.headers).toEqual({ "X-CSRFToken": "token" });
});

test("a guest's place is not told, nor one that is known already", async () => {
  open("");
  await vi.advanceTimersByTimeAsync(2000);
  open('url="/topics/x/reading" section="second"');
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked).not.toHaveBeenCalled();
});

test("leaving the page tells it at once", () => {
  open('url="/topics/x/reading"');
  dispatchEvent(new Event("pagehide"));
  expect(asked).toHaveBeenCalledOnce();
});
