import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "./run-live";

class Socket extends EventTarget {
  static last: Socket;
  constructor(readonly url: URL) {
    super();
    Socket.last = this;
  }
  close(): void {
    this.dispatchEvent(new Event("close"));
  }
}

const fragment = (summary: string, terminal = false, rows = ""): string =>
  `<div data-terminal="${terminal}" data-verdict="${terminal ? "failed" : ""}" data-seq="4" data-summary="${summary}">${rows}</div>`;

let answers: string[];
const fetched = vi.fn(async () => new Response(answers.length > 1 ? answers.shift() : answers[0]));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("fetch", fetched);
  fetched.mockClear();
});

afterEach(() => {
  document.body.innerHTML = "";
  vi.useRealTimers();
});

function page(html: string): HTMLElement {
  document.body.innerHTML = `<run-live src="/runs/1/results" socket="/ws/runs/1">${html}</run-live>`;
  return document.querySelector("run-live")!;
}

test("it asks the socket for what it has not seen", () => {
  page(fragment("waiting"));
  expect(String(Socket.last.url)).toBe("ws://localhost:3000/ws/runs/1?after=4");
});

test("many frames cause one fetch, and the fragment is replaced", async () => {
  answers = [fragment("1 passed")];
  const live = page(fragment("waiting"));
  for (let k = 0; k < 10; k++) Socket.last.dispatchEvent(new MessageEvent("message"));
  await vi.advanceTimersByTimeAsync(200);
  expect(fetched).toHaveBeenCalledTimes(1);
  expect(live.querySelector<HTMLElement>("[data-seq]")!.dataset["summary"]).toBe("1 passed");
});

test("points alone are in no hurry, and any event is", async () => {
  answers = [fragment("training")];
  page(fragment("waiting"));
  const tell = (events: unknown[]): boolean =>
    Socket.last.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ events, state: "running", points: [{}] }) }));
  for (let k = 0; k < 3; k++) {
    tell([]);
    await vi.advanceTimersByTimeAsync(240);
  }
  expect(fetched).toHaveBeenCalledTimes(0);
  tell([{}]);
  await vi.advanceTimersByTimeAsync(200);
  expect(fetched).toHaveBeenCalledTimes(1);
});

test("without a socket it polls until the run has ended, then says the verdict once", async () => {
  answers = [fragment("1 passed"), fragment("1 passed, 1 failed", true)];
  const live = page(fragment("waiting"));
  const ended = vi.fn();
  live.addEventListener("run-finished", (event) => ended((event as CustomEvent).detail.verdict));
  Socket.last.close();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(fetched).toHaveBeenCalledTimes(2);
  expect(ended.mock.calls).toEqual([["failed"]]);
});

test("a socket that neither opens nor closes does not leave the page behind", async () => {
  answers = [fragment("done", true)];
  page(fragment("waiting"));
  await vi.advanceTimersByTimeAsync(1_500);
  expect(document.querySelector("[data-terminal=true]")).not.toBeNull();
});

test("beside an open socket it asks only rarely", async () => {
  answers = [fragment("1 passed")];
  page(fragment("waiting"));
  Object.assign(Socket.last, { readyState: 1 });
  await vi.advanceTimersByTimeAsync(11_000);
  expect(fetched.mock.calls.length).toBeLessThanOrEqual(3);
});

test("a failing network is tried again", async () => {
  page(fragment("waiting"));
  fetched.mockRejectedValueOnce(new TypeError("offline"));
  answers = [fragment("done", true)];
  Socket.last.close();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(document.querySelector("[data-terminal=true]")).not.toBeNull();
});

test("rows that the person opened or shut stay so", async () => {
  const rows = (open: string): string => `<details data-key="t1" ${open}><summary>one</summary></details>`;
  answers = [fragment("2", false, rows("open"))];
  const live = page(fragment("1", false, rows("open")));
  live.querySelector("details")!.open = false;
  Socket.last.dispatchEvent(new MessageEvent("message"));
  await vi.advanceTimersByTimeAsync(200);
  expect(live.querySelector("details")!.open).toBe(false);
});

test("a log is followed to its end, unless somebody reads further up", async () => {
  const log = (text: string): string => fragment(text, false, `<pre data-follow>${text}</pre>`);
  const tall = { scrollHeight: 900, clientHeight: 100 };
  for (const [name, value] of Object.entries(tall)) vi.spyOn(HTMLElement.prototype, name as "clientHeight", "get").mockReturnValue(value);
  const live = page(log("one"));
  const pre = (): HTMLElement => live.querySelector("[data-follow]")!;
  const news = async (text: string): Promise<void> => {
    answers = [log(text)];
    Socket.last.dispatchEvent(new MessageEvent("message"));
    await vi.advanceTimersByTimeAsync(200);
    expect(pre().textContent).toBe(text);
  };
  expect(pre().scrollTop).toBe(900);
  pre().scrollTop = 800;
  await news("two");
  expect(pre().scrollTop).toBe(900);
  pre().scrollTop = 300;
  await news("three");
  expect(pre().scrollTop).toBe(300);
});

test("summaries are announced at most every two seconds, the last one always", async () => {
  answers = [fragment("1"), fragment("2"), fragment("3")];
  const live = page(fragment("0"));
  const said = (): string => live.querySelector("[data-announce]")!.textContent!;
  const frame = async (): Promise<void> => {
    Socket.last.dispatchEvent(new MessageEvent("message"));
    await vi.advanceTimersByTimeAsync(150);
  };
  await frame();
  expect(said()).toBe("1");
  await frame();
  await frame();
  expect(said()).toBe("1");
  await vi.advanceTimersByTimeAsync(2000);
  expect(said()).toBe("3");
});

test("a run that has ended opens no socket", () => {
  const before = Socket.last;
  page(fragment("done", true));
  expect(Socket.last).toBe(before);
});
