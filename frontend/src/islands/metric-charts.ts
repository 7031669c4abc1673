import type uPlot from "uplot";
import {
  append, clock, figure, grouped, hasTraining, lines, rows, seams, sentence, told,
  type ChartSpec, type Curves, type Line, type Points, type Source,
} from "../charts/curves";
import { plot, table, type Look } from "../charts/plot";

interface Config {
  runs: Source[];
  charts: ChartSpec[];
  more?: string; // where the charts are told anew, once something is logged that none of them shows
}

interface News {
  points?: Points[];
  reload_after?: number;
}

interface Drawing {
  spec: ChartSpec;
  figure: HTMLElement;
  place: HTMLElement; // holds the canvas
  rows: HTMLElement; // holds the table view
  chart?: uPlot;
  style?: string; // all that its canvas was made for; where that stays, new points need no new canvas
  drawn: Line[];
}

const POINTS = 1200; // asked for per curve: about one per pixel of a wide screen
const MOST = 4000; // news may add up to so many before the site is asked for a new selection
const POLL = 3000;
const PAUSE = 250; // between two questions to the site
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
 * What is logged for the first time gets its place meanwhile: the site says in which chart.
 */
export class MetricCharts extends HTMLElement {
  private config: Config = { runs: [], charts: [] };
  private curves = new Map<string, Curves>();
  private drawings: Drawing[] = [];
  private sockets = new Map<string, WebSocket>();
  private look: Look = { axis: "step", log: false, zoom: undefined };
  private smoothing = 0;
  private readonly late = new Map<string, Points[]>(); // news of a run about whose curves the site is just asked
  private readonly sought = new Set<string>(); // curves whose chart was asked for
  private poller: ReturnType<typeof setTimeout> | undefined;
  private reloader: ReturnType<typeof setTimeout> | undefined;
  private seeking = false;
  private frame = 0;
  private heard = Date.now();
  private gone = false;
  private readonly stale = document.createElement("p");
  private readonly readout = document.createElement("p");
  private readonly voice = document.createElement("p");
  private readonly charts = document.createElement("div");
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
    clearTimeout(this.reloader);
    clearTimeout(this.poller);
    cancelAnimationFrame(this.frame);
    for (const socket of this.sockets.values()) socket.close();
  }

  // The page

  private build(): void {
    this.charts.className = "charts";
    this.drawings = this.config.charts.map((spec) => this.drawing(spec));
    this.charts.replaceChildren(...this.drawings.map(({ figure }) => figure));
    this.stale.className = "tiny muted stale";
    this.stale.setAttribute("role", "status");
    this.voice.className = "vh";
    this.voice.setAttribute("role", "status");
    this.readout.className = "readout num";
    this.replaceChildren(this.controls(), this.key(), this.readout, this.charts, this.stale, this.voice);
  }

  private drawing(spec: ChartSpec): Drawing {
    const figure = document.createElement("figure");
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
    const made: Drawing = { spec, figure, place, rows, drawn: [] };
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
    if (this.drawings.some(({ spec }) => hasTraining(spec))) {
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
    this.seek([...this.curves.values()].flatMap((curves) => Object.keys(curves)));
  }

  /** Takes the site's word, then what came meanwhile. An answer that a newer question overtook counts for nothing. */
  private async fetchOne(run: Source): Promise<void> {
    const late: Points[] = [];
    this.late.set(run.id, late);
    try {
      const body = await this.ask(run);
      if (this.late.get(run.id) !== late) return;
      this.curves.set(run.id, body.curves);
      run.after = body.last;
    } finally {
      if (this.late.get(run.id) === late) {
        this.late.delete(run.id);
        this.add(run, late);
      }
    }
  }

  private async ask(run: Source): Promise<{ curves: Curves; last: number }> {
    const url = new URL(run.curves, location.href);
    const asked: Record<string, string> = { points: String(POINTS), axis: this.look.axis };
    if (this.look.zoom) Object.assign(asked, { from: String(this.look.zoom.from), to: String(this.look.zoom.to) });
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    return (await fetched(url)) as { curves: Curves; last: number };
  }

  /** Asks for the curves again, soon, and once for all who want it meanwhile. */
  private reload(): void {
    this.reloader ??= setTimeout(() => {
      this.reloader = undefined;
      void this.fetchAll();
    }, PAUSE);
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
    socket.addEventListener("message", (event) => this.take(run, JSON.parse(String(event.data)) as News));
    socket.addEventListener("close", (event) => {
      if (event.code === 1000) delete run.socket; // the run has ended: nothing more will come
      this.sockets.delete(run.id);
      this.reload();
    });
  }

  private take(run: Source, news: News): void {
    this.tellAge(false);
    const late = this.late.get(run.id);
    if (late) late.push(...(news.points ?? []));
    else this.add(run, news.points ?? []);
    if (news.reload_after !== undefined) this.reload();
  }

  /** Draws what is new; where it does not simply follow what is drawn, the site is asked. */
  private add(run: Source, points: Points[]): void {
    const fresh = points.filter(({ seq }) => seq > (run.after ?? 0));
    if (!fresh.length) return;
    run.after = Math.max(...fresh.map(({ seq }) => seq));
    const shown = this.shown();
    const curves = this.curves.get(run.id) ?? {};
    const follow = fresh.filter(({ name }) => shown.has(name)).every((one) => append(curves, one, this.look.axis));
    if (follow && !this.crowded(curves)) this.drawSoon();
    else this.reload();
    this.seek(fresh.map(({ name }) => name));
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

  // Curves that are logged for the first time

  private shown(): Set<string> {
    return new Set(this.drawings.flatMap(({ spec }) => spec.names));
  }

  /** Finds a place for curves that no chart shows: which chart a curve belongs to is the site's to say. */
  private seek(names: string[]): void {
    const shown = this.shown();
    const missing = names.filter((name) => !shown.has(name) && !this.sought.has(name));
    if (missing.length && this.config.more && !this.seeking) void this.find(missing, this.config.more);
  }

  private async find(missing: string[], address: string): Promise<void> {
    this.seeking = true;
    try {
      const { charts } = (await fetched(new URL(address, location.href))) as { charts: ChartSpec[] };
      if (this.gone) return;
      for (const name of missing) this.sought.add(name);
      this.adopt(charts);
    } catch {
      return; // the site did not answer: what is told next of these curves makes it ask again
    } finally {
      this.seeking = false;
    }
    await this.fetchAll();
  }

  private adopt(charts: ChartSpec[]): void {
    const before = this.shown();
    for (const [place, spec] of charts.entries()) {
      const known = this.drawings.find((drawing) => drawing.spec.title === spec.title);
      if (known) known.spec = spec;
      else this.place(this.drawing(spec), new Set(charts.slice(place + 1).map(({ title }) => title)));
    }
    this.querySelector(".chart-key")?.replaceWith(this.key());
    const news = [...this.shown()].filter((name) => !before.has(name));
    if (news.length) this.voice.textContent = `Now drawn too: ${news.join(", ")}.`;
  }

  /** Before the charts that follow it; last of all where that would move one that somebody points at or reads. */
  private place(made: Drawing, following: Set<string>): void {
    const at = this.drawings.findIndex(({ spec }) => following.has(spec.title));
    const moved = at < 0 ? [] : this.drawings.slice(at);
    const inUse = moved.some(({ figure }) => figure.matches(":hover, :focus-within"));
    this.charts.insertBefore(made.figure, (inUse ? undefined : moved[0]?.figure) ?? null);
    this.drawings.splice(at < 0 || inUse ? this.drawings.length : at, 0, made);
  }

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
      this.draw();
    });
  }

  private draw(): void {
    for (const drawing of this.drawings) this.drawOne(drawing);
  }

  /** Gives a chart its lines. Its canvas stays while nothing but points is new, and with it the crosshair. */
  private drawOne(drawing: Drawing): void {
    const { spec, place } = drawing;
    const drawn = lines(spec, this.config.runs, this.curves, this.smoothing);
    const main = this.config.runs.find((run) => run.main) ?? this.config.runs[0];
    const marks = this.config.runs.length === 1 && main ? seams(spec, this.curves.get(main.id)) : [];
    const style = JSON.stringify([this.look, this.theme(), marks, spec.names, drawn.map(({ x, y: _, ...looks }) => [looks, x.length === 1])]);
    const same = style === drawing.style;
    Object.assign(drawing, { drawn, style });
    place.setAttribute("aria-label", sentence(spec, drawn, this.look.axis === "step" ? "step" : "time"));
    this.fill(drawing);
    if (same && drawing.chart) {
      drawing.chart.setData(table(drawn, this.look.axis === "step" ? spec.band : undefined, this.look.log));
      return;
    }
    drawing.chart?.destroy();
    place.replaceChildren();
    drawing.chart = plot(place, spec, drawn, this.look, this.getAttribute("config") ?? "charts", marks, {
      hover: (x) => this.say(x),
      zoom: (from, to) => this.zoomTo({ from, to }),
    });
  }

  private theme(): string {
    return `${document.documentElement.dataset["theme"] ?? ""} ${this.system.matches}`;
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

async function fetched(url: URL): Promise<unknown> {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
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
