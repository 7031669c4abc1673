import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const made: { data: unknown[]; setData: ReturnType<typeof vi.fn>; destroy: ReturnType<typeof vi.fn> }[] = [];

// jsdom has no canvas, so the drawing itself is a stand-in here; the browser journeys see the real one.
vi.mock("uplot", () => {
  class Plot {
    cursor = { idx: 0 };
    root = document.createElement("div");
    width = 300;
    height = 230;
    setData = vi.fn();
    destroy = vi.fn();
    setSize = vi.fn();
    setCursor = vi.fn();
    constructor(readonly options: { hooks: { setSelect: ((chart: unknown) => void)[] } }, public data: unknown[]) {
      made.push(this);
    }
    valToPos = (): number => 0;
    static join = (tables: unknown[][]): unknown[] => [tables[0]?.[0], ...tables.flatMap((table) => table.slice(1))];
  }
  return { default: Plot };
});

vi.setConfig({ testTimeout: 30_000 });
const until = (check: () => void): Promise<void> => vi.waitFor(check, 10_000); // a busy machine is slow, not wrong

class Socket extends EventTarget {
  static OPEN = 1;
  static opened: Socket[] = [];
  readyState = 1;
  close = vi.fn();
  constructor(readonly url: URL) {
    super();
    Socket.opened.push(this);
  }
  say(body: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(body) }));
  }
}

const answer = { curves: { loss: { count: 2, tries: [{ try: 1, since: 0, x: [1, 2], y: [3, 2], lost: false }] } }, last: 7 };
const asked = vi.fn();

beforeEach(() => {
  made.length = 0;
  Socket.opened.length = 0;
  asked.mockReset().mockImplementation(() => Promise.resolve(new Response(JSON.stringify(answer))));
  vi.stubGlobal("fetch", asked);
  vi.stubGlobal("WebSocket", Socket);
  vi.stubGlobal("matchMedia", () => new EventTarget());
  vi.stubGlobal("ResizeObserver", class { observe = vi.fn(); disconnect = vi.fn(); });
  vi.stubGlobal("requestAnimationFrame", (draw: () => void) => (draw(), 0));
});

afterEach(() => {
  document.body.innerHTML = "";
  vi.unstubAllGlobals();
});

async function show(run: object = {}, more: object = {}): Promise<HTMLElement> {
  await import("./metric-charts");
  const config = { runs: [{ id: "a", label: "Run 1", curves: "/runs/a/curves", main: true, ...run }], charts: [{ title: "Loss", names: ["loss"] }], ...more };
  document.body.innerHTML = `<script type="application/json" id="c">${JSON.stringify(config)}</script><metric-charts config="c">plain</metric-charts>`;
  await until(() => expect(made.length).toBeGreaterThan(0));
  return document.querySelector("metric-charts") as HTMLElement;
}

const url = (place = -1): URL => asked.mock.calls.at(place)?.[0] as URL;

test("the curves are asked for and drawn, and the chart says in words what it shows", async () => {
  const charts = await show();
  expect([url().pathname, url().searchParams.get("axis")]).toEqual(["/runs/a/curves", "step"]);
  expect(made.at(-1)?.data).toEqual([[1, 2], [3, 2]]);
  expect(charts.querySelector("[role=img]")?.getAttribute("aria-label")).toContain("from 3 to 2");
  expect(charts.textContent).not.toContain("plain");
});

test("news that follow are drawn without asking again", async () => {
  await show({ socket: "/ws/runs/a" });
  await until(() => expect(Socket.opened.length).toBe(1));
  expect(Socket.opened[0]?.url.searchParams.get("after")).toBe("7");
  const before = asked.mock.calls.length;
  Socket.opened[0]?.say({ points: [{ seq: 8, name: "loss", steps: [3], values: [1], seconds: [1], try: 1 }] });
  expect(made.at(-1)?.setData).toHaveBeenCalledWith([[1, 2, 3], [3, 2, 1]]);
  Socket.opened[0]?.say({ points: [{ seq: 8, name: "loss", steps: [3], values: [1], seconds: [1], try: 1 }] });
  expect(asked.mock.calls.length).toBe(before);
});

test("news of another try make it ask for the curves", async () => {
  await show({ socket: "/ws/runs/a" });
  await until(() => expect(Socket.opened.length).toBe(1));
  const before = asked.mock.calls.length;
  Socket.opened[0]?.say({ points: [{ seq: 9, name: "loss", steps: [2], values: [1], seconds: [1], try: 2 }] });
  await until(() => expect(asked.mock.calls.length).toBe(before + 1));
});

test("news that come while the site is asked are drawn upon its answer", async () => {
  await show({ socket: "/ws/runs/a" });
  await until(() => expect(Socket.opened.length).toBe(1));
  let say: (body: Response) => void = () => undefined;
  asked.mockImplementationOnce(() => new Promise<Response>((resolve) => (say = resolve)));
  document.dispatchEvent(new CustomEvent("run-finished"));
  const before = asked.mock.calls.length;
  await until(() => expect(asked.mock.calls.length).toBe(before + 1));
  Socket.opened[0]?.say({ points: [{ seq: 8, name: "loss", steps: [3], values: [1], seconds: [1], try: 1 }] });
  say(new Response(JSON.stringify(answer)));
  await until(() => expect(made.at(-1)?.setData).toHaveBeenLastCalledWith([[1, 2, 3], [3, 2, 1]]));
});

test("by time, too, news are drawn without asking again, and the canvas stays", async () => {
  const charts = await show({ socket: "/ws/runs/a" });
  await until(() => expect(Socket.opened.length).toBe(1));
  charts.querySelector<HTMLElement>("[data-axis=seconds]")?.click();
  await until(() => expect(made.length).toBe(2));
  const before = asked.mock.calls.length;
  Socket.opened[0]?.say({ points: [{ seq: 8, name: "loss", steps: [3], values: [1], seconds: [2.5], try: 1 }] });
  expect(made.at(-1)?.setData).toHaveBeenLastCalledWith([[1, 2, 2.5], [3, 2, 1]]);
  expect([made.length, asked.mock.calls.length]).toEqual([2, before]);
});

describe("a curve that is logged for the first time while the page is open", () => {
  const line = (x: number[]) => ({ count: x.length, tries: [{ try: 1, since: 0, x, y: x, lost: false }] });
  const loss = { title: "Loss", names: ["loss"] };
  const cpu = { title: "Processor", names: ["system/cpu"] };
  const first = (name: string, seq = 8) => ({ points: [{ seq, name, steps: [1, 2], values: [1, 2], seconds: [1, 2], try: 1 }] });
  let charts: object[];
  let names: string[];

  /** The page with two charts; then a curve is logged that none of them shows. */
  async function begin(): Promise<HTMLElement> {
    [charts, names] = [[loss, cpu], ["loss", "system/cpu"]];
    asked.mockImplementation((to: URL) => {
      const curves = Object.fromEntries(names.map((name) => [name, line([1, 2])]));
      return Promise.resolve(new Response(JSON.stringify(to.pathname === "/runs/charts" ? { charts } : { curves, last: 7 })));
    });
    const page = await show({ socket: "/ws/runs/a" }, { charts, more: "/runs/charts?run=a" });
    await until(() => expect(Socket.opened.length).toBe(1));
    return page;
  }
  const titles = (page: HTMLElement): (string | null)[] => [...page.querySelectorAll("figcaption")].map((one) => one.textContent);

  test("gets a chart where the site puts it, and is told; the others keep their canvas", async () => {
    const page = await begin();
    const before = made.length;
    [charts, names] = [[loss, { title: "rate", names: ["rate"] }, cpu], [...names, "rate"]];
    Socket.opened[0]?.say(first("rate"));
    await until(() => expect(made.length).toBe(before + 1));
    expect(titles(page)).toEqual(["Loss", "rate", "Processor"]);
    expect(made.at(-1)?.data).toEqual([[1, 2], [1, 2]]);
    expect([...page.querySelectorAll("[role=status]")].map((one) => one.textContent)).toContain("Now drawn too: rate.");
  });

  test("joins the chart of its quantity, under the smoothing and the axis that were chosen", async () => {
    const page = await begin();
    const smoothing = page.querySelector<HTMLInputElement>("[name=smoothing]") as HTMLInputElement;
    smoothing.value = "0.5";
    smoothing.dispatchEvent(new Event("input", { bubbles: true }));
    page.querySelector<HTMLElement>("[data-axis=seconds]")?.click();
    await until(() => expect(url().searchParams.get("axis")).toBe("seconds"));
    [charts, names] = [[{ ...loss, names: ["loss", "loss/valid"] }, cpu], [...names, "loss/valid"]];
    Socket.opened[0]?.say(first("loss/valid"));
    await until(() => expect(made.at(-1)?.data.length).toBe(5)); // x, and each curve smoothed over itself
    expect(titles(page)).toEqual(["Loss", "Processor"]);
    expect(url().searchParams.get("axis")).toBe("seconds");
    expect(page.querySelector("[name=smoothing]")).toBe(smoothing);
    expect(page.querySelector(".chart-key")?.textContent).toContain("training, paler");
  });

  test("comes last where its place would move a chart that is in use", async () => {
    const page = await begin();
    page.querySelectorAll<HTMLElement>(".plot")[1]?.focus();
    [charts, names] = [[loss, { title: "rate", names: ["rate"] }, cpu], [...names, "rate"]];
    Socket.opened[0]?.say(first("rate"));
    await until(() => expect(titles(page)).toEqual(["Loss", "Processor", "rate"]));
  });

  test("is asked for again when the site did not say where it belongs", async () => {
    const page = await begin();
    asked.mockImplementationOnce(() => Promise.resolve(new Response("", { status: 503 })));
    Socket.opened[0]?.say(first("rate"));
    await until(() => expect(asked.mock.results.at(-1)).toBeDefined());
    await new Promise((resolve) => setTimeout(resolve));
    expect(titles(page)).toEqual(["Loss", "Processor"]);
    [charts, names] = [[loss, cpu, { title: "rate", names: ["rate"] }], [...names, "rate"]];
    Socket.opened[0]?.say(first("rate", 9));
    await until(() => expect(titles(page)).toEqual(["Loss", "Processor", "rate"]));
  });

  test("is found without a socket, by what the curves' address names", async () => {
    const page = await begin();
    [charts, names] = [[loss, cpu, { title: "rate", names: ["rate"] }], [...names, "rate"]];
    document.dispatchEvent(new CustomEvent("run-finished"));
    await until(() => expect(titles(page)).toEqual(["Loss", "Processor", "rate"]));
  });
});

test("time instead of steps is another question to the site", async () => {
  const charts = await show();
  charts.querySelector<HTMLElement>("[data-axis=seconds]")?.click();
  await until(() => expect(url().searchParams.get("axis")).toBe("seconds"));
  expect(charts.querySelector("[data-axis=seconds]")?.getAttribute("aria-pressed")).toBe("true");
});

test("a connection that fails keeps the chart and says how old it is", async () => {
  const charts = await show();
  asked.mockImplementation(() => Promise.reject(new Error("no network")));
  document.dispatchEvent(new CustomEvent("run-finished"));
  await until(() => expect(charts.textContent).toContain("The connection is lost."));
  expect(charts.querySelector(".plot")).not.toBeNull();
});

test("the table view holds the numbers", async () => {
  const charts = await show();
  const details = charts.querySelector("details") as HTMLDetailsElement;
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
  const cells = [...details.querySelectorAll("td")].map((cell) => cell.textContent);
  expect(cells).toEqual(["1", "3", "2", "2"]);
});

test("what leaves the page closes its socket", async () => {
  const charts = await show({ socket: "/ws/runs/a" });
  await until(() => expect(Socket.opened.length).toBe(1));
  charts.remove();
  expect(Socket.opened[0]?.close).toHaveBeenCalled();
});
