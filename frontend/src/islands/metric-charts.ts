import type uPlot from "uplot";
import {
  append, clock, figure, grouped, hasTraining, lines, rows, seams, sentence, told,
  type ChartSpec, type Curves, type Line, type Points, type Source,
} from "../charts/curves";
import { plot, table, type Look } from "../charts/plot";
import { debounced } from "../http";

interface Config {
  runs: Source[];
  charts: ChartSpec[];
}

interface Drawing {
  spec: ChartSpec;
  place: HTMLElement; // holds the canvas
  rows: HTMLElement; // holds the table view
  chart?: uPlot;
  drawn: Line[];
}

const POINTS = 1200; // asked for per curve: about one per pixel of a wide screen
const MOST = 4000; // news may add up to so many before the site is asked for a new selection
const POLL = 3000;
const ROWS = 40;

/**
 * The curves of one run or of several, live. All charts share one crosshair, whose values are written as text.
 * Drag to zoom: the site is then asked for exactly that stretch. Arrow keys move the crosshair of a focused chart.
 *
 * ```html
 * <metric-charts config="charts-of-ID"><p>What is shown without script.</p></metric-charts>
 * <script type="application/json" id="charts-of-ID">{"runs": [...], "charts": [...]}</script>
 * ```
 *
 * A run's `socket` brings frames with `points`; without one, or when it breaks, the curves are asked for again every
 * few seconds, and what is shown stays, with its age. The event `run-finished` on the page brings the last of them.
 */
export class MetricCharts extends HTMLElement {
  private config: Config = { runs: [], charts: [] };
  private curves = new Map<string, Curves>();
  private drawings: Drawing[] = [];
  private sockets = new Map<string, WebSocket>();
  private look: Look = { axis: "step", log: false, zoom: undefined };
  private smoothing = 0;
  private poller: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;
  private heard = Date.now();
  private gone = false;
  private readonly stale = document.createElement("p");
  private readonly readout = document.createElement("p");
  private readonly reload = debounced(() => void this.fetchAll(), 250);
  private readonly resized = new ResizeObserver(() => this.fit());
  private readonly themed = new MutationObserver(() => this.draw());
  private readonly system = matchMedia("(prefers-color-scheme: dark)");

  connectedCallback(): void {
    const text = document.getElementById(this.getAttribute("config") ?? "")?.textContent;
    if (!text) return;
    this.config = JSON.parse(text) as Config;
    this.gone = false;
    this.build();
    this.resized.observe(this);
    this.themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.system.addEventListener("change", this.redraw);
    document.addEventListener("run-finished", this.ended);
    void this.fetchAll().then(() => this.listen());
  }

  disconnectedCallback(): void {
    this.gone = true;
    this.resized.disconnect();
    this.themed.disconnect();
    this.system.removeEventListener("change", this.redraw);
    document.removeEventListener("run-finished", this.ended);
    this.reload.cancel();
    clearTimeout(this.poller);
    cancelAnimationFrame(this.frame);
    for (const socket of this.sockets.values()) socket.close();
  }

  // The page

  private build(): void {
    const charts = document.createElement("div");
    charts.className = "charts";
    this.drawings = this.config.charts.map((spec) => this.drawing(spec, charts));
    this.stale.className = "tiny muted stale";
    this.stale.setAttribute("role", "status");
    this.readout.className = "readout num";
    this.replaceChildren(this.controls(), this.key(), this.readout, charts, this.stale);
  }

  private drawing(spec: ChartSpec, into: HTMLElement): Drawing {
    const figure = into.appendChild(document.createElement("figure"));
    const title = figure.appendChild(document.createElement("figcaption"));
    const place = figure.appendChild(document.createElement("div"));
    const details = figure.appendChild(document.createElement("details"));
    details.innerHTML = '<summary class="tiny">Table</summary><div class="table-scroll" tabindex="0" role="group"></div>';
    title.textContent = spec.title;
    place.className = "plot";
    place.tabIndex = 0;
    place.setAttribute("role", "img");
    const rows = details.lastElementChild as HTMLElement;
    rows.setAttribute("aria-label", `${spec.title}, values`);
    const made: Drawing = { spec, place, rows, drawn: [] };
    details.addEventListener("toggle", () => this.fill(made));
    place.addEventListener("keydown", (event) => this.walk(made, event));
    place.addEventListener("dblclick", () => this.zoomTo(undefined));
    return made;
  }

  private controls(): HTMLElement {
    const bar = document.createElement("div");
    bar.className = "chart-controls";
    bar.innerHTML = `<div class="seg" role="group" aria-label="Horizontal axis"><button type="button" data-axis="step" aria-pressed="true">Step</button><button type="button" data-axis="seconds" aria-pressed="false">Time</button></div>
      <label class="tick-label"><input type="checkbox" name="log"> Logarithmic</label>
      <label class="slide">Smoothing <input type="range" name="smoothing" min="0" max="0.99" step="0.01" value="0"> <output class="num">none</output></label>
      <button type="button" class="btn sm" data-whole hidden>Show the whole run</button>`;
    bar.addEventListener("click", (event) => this.pressed(event.target as Element));
    bar.addEventListener("input", (event) => this.set(event.target as HTMLInputElement));
    return bar;
  }

  private key(): HTMLElement {
    const key = document.createElement("ul");
    key.className = "chart-key";
    for (const [place, run] of this.config.runs.entries()) {
      const line = key.appendChild(document.createElement("li"));
      line.className = `keyline ${"abcdef"[place % 6]}`;
      line.textContent = run.label;
    }
    if (this.config.charts.some(hasTraining)) {
      const pale = key.appendChild(document.createElement("li"));
      pale.className = "keyline pale";
      pale.textContent = "training, paler";
    }
    return key;
  }

  private pressed(target: Element): void {
    const axis = target.closest<HTMLElement>("[data-axis]")?.dataset["axis"] as Look["axis"] | undefined;
    if (target.closest("[data-whole]")) this.zoomTo(undefined);
    if (!axis || axis === this.look.axis) return;
    for (const button of this.querySelectorAll<HTMLElement>("[data-axis]")) button.setAttribute("aria-pressed", String(button.dataset["axis"] === axis));
    this.look = { ...this.look, axis, zoom: undefined };
    this.offerWhole();
    void this.fetchAll();
  }

  private set(input: HTMLInputElement): void {
    if (input.name === "log") this.look = { ...this.look, log: input.checked };
    if (input.name === "smoothing") {
      this.smoothing = Number(input.value);
      const said = this.querySelector("output");
      if (said) said.textContent = this.smoothing ? this.smoothing.toFixed(2) : "none";
    }
    this.draw();
  }

  private zoomTo(zoom: Look["zoom"]): void {
    if (zoom && !(zoom.to > zoom.from)) return;
    this.look = { ...this.look, zoom };
    this.offerWhole();
    this.draw();
    this.reload();
  }

  private offerWhole(): void {
    const button = this.querySelector<HTMLElement>("[data-whole]");
    if (button) button.hidden = !this.look.zoom;
  }

  /** Arrow keys walk along x, with Shift in larger strides; Escape leaves a zoom. */
  private walk(drawing: Drawing, event: KeyboardEvent): void {
    const chart = drawing.chart;
    if (event.key === "Escape") return this.zoomTo(undefined);
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!chart || !way) return;
    event.preventDefault();
    const xs = chart.data[0];
    const idx = Math.min(Math.max((chart.cursor.idx ?? -1) + way * (event.shiftKey ? 10 : 1), 0), xs.length - 1);
    const x = xs[idx];
    if (x === undefined) return;
    chart.setCursor({ left: chart.valToPos(x, "x"), top: 10 });
    this.say(x);
  }

  // What comes from the site

  private async fetchAll(): Promise<void> {
    const answers = await Promise.allSettled(this.config.runs.map((run) => this.fetchOne(run)));
    if (this.gone) return;
    this.tellAge(answers.some((answer) => answer.status === "rejected"));
    this.draw();
  }

  private async fetchOne(run: Source): Promise<void> {
    const url = new URL(run.curves, location.href);
    const names = [...new Set(this.config.charts.flatMap((chart) => chart.names))];
    const asked: Record<string, string> = { names: names.join(","), points: String(POINTS), axis: this.look.axis };
    if (this.look.zoom) Object.assign(asked, { from: String(this.look.zoom.from), to: String(this.look.zoom.to) });
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const body = (await answer.json()) as { curves: Curves; last: number };
    this.curves.set(run.id, body.curves);
    run.after = Math.max(run.after ?? 0, body.last);
  }

  private listen(): void {
    for (const run of this.config.runs) if (run.socket && !this.gone) this.open(run, run.socket);
    this.pollLater();
  }

  private open(run: Source, address: string): void {
    const url = new URL(address, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("after", String(run.after ?? 0));
    const socket = new WebSocket(url);
    this.sockets.set(run.id, socket);
    socket.addEventListener("message", (event) => this.take(run, JSON.parse(String(event.data)) as { points?: Points[]; reload_after?: number }));
    socket.addEventListener("close", (event) => {
      if (event.code === 1000) delete run.socket; // the run has ended: nothing more will come
      this.sockets.delete(run.id);
      this.reload();
    });
  }

  private take(run: Source, news: { points?: Points[]; reload_after?: number }): void {
    this.tellAge(false);
    const curves = this.curves.get(run.id) ?? {};
    const shown = new Set(this.config.charts.flatMap((chart) => chart.names));
    const fresh = (news.points ?? []).filter((points) => shown.has(points.name) && points.seq > (run.after ?? 0));
    if (!fresh.length && news.reload_after === undefined) return;
    run.after = Math.max(run.after ?? 0, ...fresh.map((points) => points.seq));
    const plain = this.look.axis === "step" && !this.look.zoom && news.reload_after === undefined;
    if (!plain || !fresh.every((points) => append(curves, points)) || this.crowded(curves)) this.reload();
    else this.drawSoon();
  }

  private crowded(curves: Curves): boolean {
    return Object.values(curves).some((curve) => curve.tries.some((part) => part.x.length > MOST));
  }

  private pollLater(): void {
    this.poller = setTimeout(() => {
      const waiting = this.config.runs.filter((run) => run.socket);
      const mute = waiting.filter((run) => this.sockets.get(run.id)?.readyState !== WebSocket.OPEN);
      if (mute.length) void this.fetchAll();
      for (const run of mute) if (run.socket && !this.sockets.has(run.id)) this.open(run, run.socket);
      if (waiting.length && !this.gone) this.pollLater();
    }, POLL);
  }

  private readonly ended = (): void => this.reload();

  private tellAge(failed: boolean): void {
    if (!failed) this.heard = Date.now();
    this.stale.textContent = failed ? `The connection is lost. What you see is from ${clock((Date.now() - this.heard) / 1000)} ago; it is asked for again by itself.` : "";
  }

  // Drawing

  private readonly redraw = (): void => this.draw();

  private drawSoon(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw(true);
    });
  }

  /** Draws all charts; `grown` says that only points were added, so that a chart may keep its canvas. */
  private draw(grown = false): void {
    for (const drawing of this.drawings) this.drawOne(drawing, grown);
  }

  private drawOne(drawing: Drawing, grown: boolean): void {
    const { spec, place } = drawing;
    const drawn = lines(spec, this.config.runs, this.curves, this.smoothing);
    const same = drawn.length === drawing.drawn.length;
    drawing.drawn = drawn;
    place.setAttribute("aria-label", sentence(spec, drawn, this.look.axis === "step" ? "step" : "time"));
    this.fill(drawing);
    if (grown && same && drawing.chart) {
      drawing.chart.setData(table(drawn, this.look.axis === "step" ? spec.band : undefined, this.look.log));
      return;
    }
    drawing.chart?.destroy();
    place.replaceChildren();
    const main = this.config.runs.find((run) => run.main) ?? this.config.runs[0];
    const marks = this.config.runs.length === 1 && main ? seams(spec, this.curves.get(main.id)) : [];
    drawing.chart = plot(place, spec, drawn, this.look, this.getAttribute("config") ?? "charts", marks, {
      hover: (x) => this.say(x),
      zoom: (from, to) => this.zoomTo({ from, to }),
    });
  }

  private fit(): void {
    for (const { chart, place } of this.drawings) {
      if (chart && place.clientWidth > 0 && place.clientWidth !== chart.width) chart.setSize({ width: place.clientWidth, height: chart.height });
    }
  }

  /** The values under the crosshair, of all charts, as text. */
  private say(x: number | undefined): void {
    if (x === undefined || !Number.isFinite(x)) return;
    const at = this.look.axis === "step" ? `Step ${grouped(x)}` : clock(x);
    const parts = this.drawings.map(({ spec, drawn }) => {
      const values = [...told(drawn, x)].map(([label, value]) => `${label} ${figure(value, spec.unit)}`);
      return `${spec.title}: ${values.join(", ") || "–"}`;
    });
    this.readout.textContent = `${at}. ${parts.join(". ")}.`;
  }

  private fill(drawing: Drawing): void {
    const details = drawing.rows.parentElement as HTMLDetailsElement;
    if (!details.open) return;
    const speaking = drawing.drawn.filter((line) => line.speaks);
    const x = this.look.axis === "step" ? grouped : clock;
    const head = [this.look.axis === "step" ? "Step" : "Time", ...new Set(speaking.map((line) => line.label))];
    const body = rows(speaking, ROWS).map((row) => [x(row.x), ...row.values.map((value) => figure(value, drawing.spec.unit))]);
    drawing.rows.replaceChildren(tableOf(head, body));
  }
}

function tableOf(head: string[], body: string[][]): HTMLTableElement {
  const made = document.createElement("table");
  made.className = "table";
  const top = made.createTHead().insertRow();
  for (const word of head) top.appendChild(Object.assign(document.createElement("th"), { textContent: word, scope: "col" }));
  const rest = made.createTBody();
  for (const cells of body) {
    const row = rest.insertRow();
    for (const cell of cells) row.insertCell().textContent = cell;
  }
  return made;
}

customElements.define("metric-charts", MetricCharts);
