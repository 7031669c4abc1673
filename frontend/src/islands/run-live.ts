const THROTTLE = 120;
const BESIDE_POINTS = 2000; // curves draw their own points; here only the step is behind
const ANNOUNCE = 2000;
const AT_END = 24; // pixels from the end of a log, within which a person follows it
const POLL_FIRST = 1000;
const POLL_MOST = 3000;
const POLL_BESIDE_SOCKET = 5000; // a socket can die without a word: what it should have told is still asked for

/**
 * Keeps the results of a run current. A WebSocket frame is news, not content: each makes it fetch the
 * server-rendered fragment again, so live, reloaded and script-less pages share one template. Without a socket
 * it polls; beside an open one it polls rarely. Ends when the fragment's root says `data-terminal="true"`, with the event `run-finished`.
 *
 * ```html
 * <run-live src="/runs/ID/results" socket="/ws/runs/ID" terminal="false">
 *   <div data-terminal="false" data-verdict="" data-seq="4" data-summary="2 passed, 1 failed, 2 to go">…</div>
 * </run-live>
 * ```
 */
export class RunLive extends HTMLElement {
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waits = 0; // what the timer was set to
  private fetching = false;
  private again = false;
  private poller: ReturnType<typeof setTimeout> | undefined;
  private wait = POLL_FIRST;
  private done = false;
  private lastSaid = 0;
  private saying: ReturnType<typeof setTimeout> | undefined;
  private voice: HTMLElement | undefined;

  connectedCallback(): void {
    this.voice ??= this.liveRegion();
    if (!this.root?.matches("[data-terminal=true]")) this.follow();
    if (this.getAttribute("terminal") === "true" || this.root?.dataset["terminal"] === "true") return;
    this.dispatchEvent(new CustomEvent("run-started", { bubbles: true }));
    this.listen();
    this.pollLater();
  }

  disconnectedCallback(): void {
    this.stop();
    clearTimeout(this.saying);
  }

  private get root(): HTMLElement | null {
    return this.querySelector<HTMLElement>("[data-terminal]");
  }

  /** The region that speaks stays while the fragment inside is replaced. */
  private liveRegion(): HTMLElement {
    const own = this.querySelector<HTMLElement>(":scope > [data-announce]");
    if (own) return own;
    const region = document.createElement("div");
    region.className = "vh";
    region.dataset["announce"] = "";
    region.setAttribute("role", "status");
    this.prepend(region);
    return region;
  }

  private listen(): void {
    const path = this.getAttribute("socket");
    if (!path || typeof WebSocket === "undefined") return;
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("after", this.root?.dataset["seq"] ?? "0");
    try {
      this.socket = new WebSocket(url);
    } catch {
      return; // an address that no socket can have: the fragment still comes over HTTP
    }
    this.socket.addEventListener("open", () => this.refreshSoon());
    this.socket.addEventListener("message", (event) => this.refreshSoon(ofPointsAlone(event.data) ? BESIDE_POINTS : THROTTLE));
    this.socket.addEventListener("close", () => this.refreshSoon());
    this.socket.addEventListener("error", () => this.socket?.close());
  }

  /** The next turn of polling: soon and then less often without a socket, rarely beside an open one. */
  private pollLater(): void {
    if (this.done) return;
    const open = this.socket?.readyState === 1;
    this.poller = setTimeout(() => void this.refresh().finally(() => this.pollLater()), open ? POLL_BESIDE_SOCKET : this.wait);
    this.wait = Math.min(this.wait * 1.25, POLL_MOST);
  }

  /** Once after so long; what is in more of a hurry does not wait for what is not. */
  private refreshSoon(wait = THROTTLE): void {
    if (this.done || (this.timer !== undefined && wait >= this.waits)) return;
    clearTimeout(this.timer);
    this.waits = wait;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.refresh();
    }, wait);
  }

  private async refresh(): Promise<void> {
    if (this.fetching) {
      this.again = true;
      return;
    }
    this.fetching = true;
    try {
      const answer = await fetch(this.getAttribute("src") ?? "", { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) this.swap(await answer.text());
      else if (answer.status === 401 || answer.status === 403 || answer.status === 404) this.lose(answer.status);
    } catch {
      // The network failed: what is shown stays, and the next turn of polling tries again.
    } finally {
      this.fetching = false;
    }
    if (this.again) {
      this.again = false;
      this.refreshSoon();
    }
  }

  private swap(html: string): void {
    const next = document.createElement("template");
    next.innerHTML = html;
    const keep = this.remember();
    for (const child of [...this.childNodes]) if (child !== this.voice) child.remove();
    this.append(next.content);
    this.restore(keep);
    this.dispatchEvent(new CustomEvent("cairn:added", { bubbles: true }));
    this.announce(this.root?.dataset["summary"] ?? "");
    if (this.root?.dataset["terminal"] === "true") this.finish();
  }

  /** What the person did with the rows: which are open or shut, and where the focus is. */
  private remember(): { open: Map<string, boolean>; focus: string | undefined; scroll: number; read: number | undefined } {
    const rows = [...this.querySelectorAll<HTMLDetailsElement>("details[data-key]")];
    const open = new Map(rows.map((row) => [row.dataset["key"] ?? "", row.open]));
    const focus = document.activeElement?.closest<HTMLElement>("[data-key]");
    return { open, focus: focus && this.contains(focus) ? focus.dataset["key"] : undefined, scroll: this.scrollTop, read: this.readTo() };
  }

  /** How far a person has scrolled back in a log; undefined while its end is in view. */
  private readTo(): number | undefined {
    const log = this.querySelector<HTMLElement>("[data-follow]");
    return !log || log.scrollHeight - log.clientHeight - log.scrollTop < AT_END ? undefined : log.scrollTop;
  }

  /** Shows the end of a log, or the place where somebody reads. */
  private follow(place?: number): void {
    const log = this.querySelector<HTMLElement>("[data-follow]");
    if (log) log.scrollTop = place ?? log.scrollHeight;
  }

  private restore(keep: ReturnType<RunLive["remember"]>): void {
    for (const row of this.querySelectorAll<HTMLDetailsElement>("details[data-key]")) {
      const key = row.dataset["key"] ?? "";
      const open = keep.open.get(key);
      if (open !== undefined) row.open = open;
      if (key === keep.focus) row.querySelector<HTMLElement>("summary")?.focus({ preventScroll: true });
    }
    this.scrollTop = keep.scroll;
    this.follow(keep.read);
  }

  /** Politely, and at most every two seconds; the last word always comes through. */
  private announce(summary: string): void {
    if (!summary) return;
    clearTimeout(this.saying);
    const due = Math.max(0, this.lastSaid + ANNOUNCE - Date.now());
    this.saying = setTimeout(() => {
      this.lastSaid = Date.now();
      if (this.voice && this.voice.textContent !== summary) this.voice.textContent = summary;
    }, due);
  }

  private finish(): void {
    this.stop();
    this.setAttribute("terminal", "true");
    const verdict = this.root?.dataset["verdict"] ?? "";
    this.dispatchEvent(new CustomEvent("run-finished", { bubbles: true, detail: { verdict } }));
  }

  private lose(status: number): void {
    this.stop();
    this.announce(status === 404 ? "This run is gone." : "You are signed out. Sign in to see how the run ended.");
  }

  private stop(): void {
    this.done = true;
    clearTimeout(this.timer);
    clearTimeout(this.poller);
    this.timer = undefined;
    this.socket?.close();
  }
}

/** Whether a frame tells of curves and of nothing else. */
function ofPointsAlone(data: unknown): boolean {
  if (typeof data !== "string" || !data.includes('"points"')) return false;
  const frame = JSON.parse(data) as { events: unknown[]; state: string; reload_after?: number };
  return frame.events.length === 0 && frame.state === "running" && frame.reload_after === undefined;
}

customElements.define("run-live", RunLive);
