import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "./exam-sheet";

const reply = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });
let send: ReturnType<typeof vi.fn>;

function page(seconds = 3600): void {
  document.body.innerHTML = `<exam-sheet seconds="${seconds}" clock="/clock" name="7"><div class="exam-bar"><b data-clock></b><p data-net></p><span data-voice></span></div>
    <form action="/answers/a" data-question="a"><input type="hidden" name="version" value="0"><input type="radio" name="value" value="1"><input type="radio" name="value" value="2"><span class="save-state"></span></form>
    <form action="/answers/b" data-question="b"><input type="hidden" name="version" value="3"><input name="value"><span class="save-state"></span></form>
    <form data-hand-in hidden></form></exam-sheet>`;
}
const form = (question: string): HTMLFormElement => document.querySelector(`[data-question=${question}]`)!;
const state = (question: string): string => form(question).querySelector(".save-state")!.textContent!;
const text = (what: string): string => document.querySelector(`[data-${what}]`)!.textContent!;
const sent = (call: number): URLSearchParams => new URLSearchParams((send.mock.calls[call]![1] as { body: string }).body);

function pick(value: string): void {
  const radio = form("a").querySelector<HTMLInputElement>(`[value="${value}"][type=radio]`)!;
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
}
function type(words: string): void {
  const field = form("b").querySelector<HTMLInputElement>("input:not([type])")!;
  field.value = words;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  send = vi.fn(async () => reply(200, { version: 1, seconds_left: 3600 }));
  vi.stubGlobal("fetch", send);
});
afterEach(() => {
  document.body.innerHTML = "";
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("what is chosen is saved at once, and the page says so", async () => {
  page();
  pick("2");
  expect(state("a")).toBe("Saving…");
  await vi.advanceTimersByTimeAsync(10);
  expect(sent(0).get("value")).toBe("2");
  expect(sent(0).get("version")).toBe("0");
  expect(state("a")).toMatch(/^Saved /);
  expect(form("a").querySelector<HTMLInputElement>("[name=version]")!.value).toBe("1");
  expect(localStorage.length).toBe(0);
});

test("what is typed is sent once, after a pause", async () => {
  page();
  for (const words of ["w", "wh", "white"]) type(words);
  expect(send).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(800);
  expect(send).toHaveBeenCalledTimes(1);
  expect(sent(0).get("value")).toBe("white");
});

test("without a connection the answer stays in this browser and is sent again", async () => {
  page();
  send.mockRejectedValueOnce(new TypeError("offline"));
  pick("1");
  await vi.advanceTimersByTimeAsync(10);
  expect(state("a")).toContain("not yet sent");
  expect(text("net")).toContain("No connection");
  expect(localStorage.getItem("exam:7")).toContain("value=1");
  await vi.advanceTimersByTimeAsync(4100);
  expect(state("a")).toMatch(/^Saved /);
  expect(sent(1).get("count")).toBe(sent(0).get("count")); // the same save, so it counts once
  expect(localStorage.length).toBe(0);
});

test("a changed mind while a save is under way is sent after it", async () => {
  page();
  let arrive: (answer: Response) => void = () => undefined;
  send.mockImplementationOnce(() => new Promise<Response>((resolve) => (arrive = resolve)));
  pick("1");
  pick("2");
  expect(send).toHaveBeenCalledTimes(1);
  arrive(reply(200, { version: 1 }));
  await vi.advanceTimersByTimeAsync(10);
  expect(sent(1).get("value")).toBe("2");
  expect(Number(sent(1).get("count"))).toBeGreaterThan(Number(sent(0).get("count")));
});

test("a newer answer elsewhere is not overwritten; the person chooses", async () => {
  page();
  send.mockImplementationOnce(async () => reply(409, { code: "newer-answer", version: "5", detail: "A newer answer was saved." }));
  pick("1");
  await vi.advanceTimersByTimeAsync(10);
  expect(state("a")).toContain("A newer answer was saved.");
  expect(localStorage.length).toBe(0);
  const keep = [...form("a").querySelectorAll("button")].find((button) => button.textContent === "Keep the one here")!;
  keep.click();
  await vi.advanceTimersByTimeAsync(10);
  expect(sent(1).get("version")).toBe("5");
});

test("what can't be an answer says why and is not sent for ever", async () => {
  page();
  send.mockImplementationOnce(async () => reply(400, { code: "bad-answer", detail: "That is not a number." }));
  type("many");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(state("b")).toBe("That is not a number.");
  expect(send.mock.calls.filter(([url]) => String(url).includes("answers"))).toHaveLength(1);
});

test("a page that comes back sends what an earlier one kept", async () => {
  localStorage.setItem("exam:7", JSON.stringify({ a: { url: "/answers/a", body: "value=2&version=0&page=old&count=4" } }));
  page();
  await vi.advanceTimersByTimeAsync(10);
  expect(sent(0).get("page")).toBe("old");
  expect(localStorage.length).toBe(0);
});

test("the clock is said at ten, five and one minutes, and not in between", async () => {
  page(601);
  send.mockImplementation(async () => reply(500, {}));
  await vi.advanceTimersByTimeAsync(500);
  expect(text("clock")).toMatch(/^10:0/);
  expect(text("voice")).toBe("");
  await vi.advanceTimersByTimeAsync(2000);
  expect(text("voice")).toBe("10 minutes left.");
  await vi.advanceTimersByTimeAsync(200_000);
  expect(text("voice")).toBe("10 minutes left.");
  await vi.advanceTimersByTimeAsync(100_000);
  expect(text("voice")).toBe("5 minutes left.");
  await vi.advanceTimersByTimeAsync(240_000);
  expect(text("voice")).toBe("1 minute left.");
});

test("when the time is up, what was typed is sent and the exam is handed in", async () => {
  page(3);
  send.mockImplementation(async (url: unknown) => (String(url) === "/clock" ? reply(200, { seconds_left: 0, handed_in: false }) : reply(200, { version: 4 })));
  const handIn = vi.fn();
  document.querySelector<HTMLFormElement>("[data-hand-in]")!.submit = handIn;
  await vi.advanceTimersByTimeAsync(2600);
  type("white");
  await vi.advanceTimersByTimeAsync(1500);
  expect(sent(0).get("value")).toBe("white");
  expect(handIn).toHaveBeenCalledTimes(1);
});

test("extra time that a mentor gives moves the clock", async () => {
  page(600);
  send.mockImplementation(async () => reply(200, { seconds_left: 1800, handed_in: false }));
  await vi.advanceTimersByTimeAsync(20_600);
  expect(text("clock")).toMatch(/^(30:00|29:59)$/);
});

test("extra time that came since the last look keeps the exam open", async () => {
  page(3);
  send.mockImplementation(async () => reply(200, { seconds_left: 600, handed_in: false }));
  const handIn = vi.fn();
  document.querySelector<HTMLFormElement>("[data-hand-in]")!.submit = handIn;
  await vi.advanceTimersByTimeAsync(4000);
  expect(handIn).not.toHaveBeenCalled();
  expect(text("clock")).toMatch(/^(10:00|9:5\d)$/);
  type("white");
  expect(state("b")).toBe("Saving…");
});

test("an answer that came too late is kept here, for the case that the exam goes on", async () => {
  page();
  send.mockImplementation(async () => reply(409, { code: "time-is-up" }));
  pick("2");
  await vi.advanceTimersByTimeAsync(10);
  expect(localStorage.getItem("exam:7")).toContain("value=2");
});
