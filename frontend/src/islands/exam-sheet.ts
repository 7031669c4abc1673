import { debounced } from "../http";

const WAIT = 700;
const RETRY = 4000;
const LOOK = 20_000;
const SPOKEN = [10, 5, 1]; // minutes left that are said

/** An answer as its form sends it. It waits here until the server has it. */
interface Unsent {
  url: string;
  body: string;
}

/**
 * Saves an exam's answers as they are given and shows the clock. What the server did not take yet is kept in this
 * browser, also through a reload, and sent again. Each save names this page and counts, so one that arrives twice or too
 * late changes nothing, and a page that knows an older answer is told instead of overwriting a newer one.
 *
 * ```html
 * <exam-sheet seconds="3600" clock="/assessments/midterm/clock" name="12"><b data-clock></b><p data-net></p>
 *   <form action="/assessments/midterm/answers/midterm--pick" data-question="midterm--pick">
 *     <input type="hidden" name="version" value="0"> … <span class="save-state"></span></form>
 *   <form data-hand-in action="/assessments/midterm/hand-in" hidden></form></exam-sheet>
 * ```
 */
export class ExamSheet extends HTMLElement {
  private readonly page = Math.random().toString(36).slice(2, 14);
  private readonly saving = new Set<string>();
  private readonly soon = new Map<string, ReturnType<typeof debounced>>();
  private count = 0;
  private ends = 0;
  private spoken = Infinity;
  private over = false;
  private timers: ReturnType<typeof setInterval>[] = [];

  connectedCallback(): void {
    this.setSeconds(Number(this.getAttribute("seconds") ?? 0));
    this.addEventListener("input", this.onEdit);
    this.addEventListener("change", this.onEdit);
    this.addEventListener("submit", this.onSubmit);
    window.addEventListener("online", this.sendAll);
    window.addEventListener("beforeunload", this.onLeave);
    document.addEventListener("visibilitychange", this.onHide);
    this.timers = [setInterval(this.tick, 500), setInterval(this.sendAll, RETRY), setInterval(() => void this.look(), LOOK)];
    this.tick();
    void this.sendKept();
  }

  disconnectedCallback(): void {
    for (const timer of this.timers) clearInterval(timer);
    window.removeEventListener("online", this.sendAll);
    window.removeEventListener("beforeunload", this.onLeave);
    document.removeEventListener("visibilitychange", this.onHide);
  }

  // --- saving

  /** What is typed is sent after a pause, or when the field is left; what is chosen, at once. */
  private readonly onEdit = (event: Event): void => {
    const field = event.target as Element;
    const form = field.closest("form");
    const typed = field.matches("textarea, input:not([type=radio], [type=checkbox])");
    if (typed && event.type === "change") this.soon.get(form?.dataset["question"] ?? "")?.flush();
    else if (typed || event.type === "change") this.edited(form, !typed);
  };

  private readonly onSubmit = (event: Event): void => {
    const form = event.target as HTMLFormElement;
    if (!form.dataset["question"]) return;
    event.preventDefault();
    this.edited(form, true);
  };

  private edited(form: HTMLFormElement | null, now: boolean): void {
    const question = form?.dataset["question"];
    if (!form || !question || this.over) return;
    this.keep(question, form);
    this.say(form, "saving", "Saving…");
    let send = this.soon.get(question);
    if (!send) this.soon.set(question, (send = debounced(() => void this.send(question), WAIT)));
    send();
    if (now) send.flush();
  }

  private keep(question: string, form: HTMLFormElement): void {
    const fields = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    fields.delete("csrfmiddlewaretoken");
    fields.set("page", this.page);
    fields.set("count", String(++this.count));
    this.store({ ...this.kept, [question]: { url: form.action, body: fields.toString() } });
  }

  /** Send what is kept for a question; one request at a time, and what was changed meanwhile follows. */
  private async send(question: string): Promise<void> {
    const unsent = this.kept[question];
    if (!unsent || this.saving.has(question)) return;
    this.saving.add(question);
    try {
      const answer = await this.post(unsent);
      await this.take(question, unsent, answer);
    } catch {
      this.offline();
    } finally {
      this.saving.delete(question);
    }
    const left = this.kept[question];
    if (left && left.body !== unsent.body) void this.send(question);
  }

  private post(unsent: Unsent): Promise<Response> {
    const token = this.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
    return fetch(unsent.url, {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "application/json", "X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded" },
      body: unsent.body,
      signal: AbortSignal.timeout(10_000),
    });
  }

  private async take(question: string, sent: Unsent, answer: Response): Promise<void> {
    const form = this.form(question);
    const told = (await answer.json().catch(() => ({}))) as { version?: number | string; seconds_left?: number; code?: string; detail?: string };
    if (answer.ok) {
      this.drop(question, sent);
      this.net("");
      if (told.seconds_left !== undefined) this.setSeconds(told.seconds_left);
      if (!form) return;
      form.querySelector<HTMLInputElement>("[name=version]")!.value = String(told.version);
      if (!this.kept[question]) this.settle(question, form);
    } else if (told.code === "time-is-up") {
      this.over = true; // what was not sent in time stays here: extra time opens the exam again
      location.reload();
    } else if (told.code === "newer-answer") {
      this.conflict(question, sent, String(told.version), told.detail ?? "");
    } else if (told.code === "signed-out" || answer.status === 403) {
      this.net("You are signed out. Your answers are kept in this browser: sign in in another tab, and they are sent.");
    } else if (answer.status === 400 || answer.status === 404) {
      this.drop(question, sent); // it can't be an answer: sending it again would change nothing
      if (form) this.say(form, "unsaved", told.detail ?? "This can't be an answer. It was not saved.");
    } else {
      this.offline();
    }
  }

  private settle(question: string, form: HTMLFormElement): void {
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    this.say(form, "saved", `Saved ${time}`);
    const mark = this.ownerDocument.querySelector(`[data-mark="${question}"]`);
    mark?.classList.add("pass");
    mark?.querySelector("small")?.replaceChildren("saved");
  }

  /** Another page saved since this one read: the person says which of the two counts. */
  private conflict(question: string, sent: Unsent, version: string, detail: string): void {
    const form = this.form(question);
    this.drop(question, sent);
    if (!form) return;
    this.say(form, "unsaved", detail);
    const box = document.createElement("span");
    box.className = "btn-row";
    for (const [label, act] of [
      ["Show the newer answer", () => location.reload()],
      ["Keep the one here", () => {
        form.querySelector<HTMLInputElement>("[name=version]")!.value = version;
        this.edited(form, true);
      }],
    ] as const) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "btn sm", textContent: label });
      button.addEventListener("click", act);
      box.append(button);
    }
    form.querySelector(".save-state")?.append(box);
  }

  private readonly sendAll = (): void => {
    for (const question of Object.keys(this.kept)) void this.send(question);
  };

  /** What an earlier page could not send any more: send it, then show the page as the server has it. */
  private async sendKept(): Promise<void> {
    const questions = Object.keys(this.kept);
    if (!questions.length) return;
    this.net("Sending answers that this browser kept…");
    await Promise.all(questions.map((question) => this.send(question)));
    if (!Object.keys(this.kept).length && !this.querySelector('[data-state="unsaved"]')) location.reload();
  }

  // --- kept in this browser

  private get key(): string {
    return `exam:${this.getAttribute("name") ?? ""}`;
  }

  private get kept(): Record<string, Unsent> {
    try {
      return (JSON.parse(localStorage.getItem(this.key) ?? "{}") ?? {}) as Record<string, Unsent>;
    } catch {
      return {}; // not ours
    }
  }

  private store(kept: Record<string, Unsent>): void {
    if (Object.keys(kept).length) localStorage.setItem(this.key, JSON.stringify(kept));
    else localStorage.removeItem(this.key);
  }

  private drop(question: string, sent: Unsent): void {
    const kept = this.kept;
    if (kept[question]?.body !== sent.body) return; // changed meanwhile
    delete kept[question];
    this.store(kept);
  }

  private readonly onHide = (): void => {
    if (document.visibilityState === "hidden") for (const send of this.soon.values()) send.flush();
  };

  private readonly onLeave = (event: BeforeUnloadEvent): void => {
    for (const send of this.soon.values()) send.flush();
    if (Object.keys(this.kept).length && !this.over) event.preventDefault();
  };

  // --- the clock

  private setSeconds(seconds: number): void {
    this.ends = performance.now() + seconds * 1000;
  }

  private readonly tick = (): void => {
    const seconds = Math.max(0, Math.ceil((this.ends - performance.now()) / 1000));
    const clock = this.querySelector("[data-clock]");
    if (clock && clock.textContent !== written(seconds)) clock.textContent = written(seconds);
    this.querySelector(".exam-bar")?.classList.toggle("late", seconds <= 300);
    const minutes = SPOKEN.filter((one) => seconds <= one * 60 && seconds > 0).pop();
    if (minutes !== undefined && minutes < this.spoken) {
      const voice = this.querySelector("[data-voice]");
      if (voice && this.spoken !== Infinity) voice.textContent = `${minutes} minute${minutes === 1 ? "" : "s"} left.`;
      this.spoken = minutes;
    } else if (this.spoken === Infinity) this.spoken = 1000;
    if (seconds === 0 && !this.over) void this.end();
  };

  /**
   * The time is up: what is still here is sent, then the exam is handed in, unless the server knows of more time.
   * Without a connection, we try again.
   */
  private async end(): Promise<void> {
    this.over = true;
    for (const send of this.soon.values()) send.cancel();
    await Promise.all(Object.keys(this.kept).map((question) => this.send(question)));
    const seconds = Object.keys(this.kept).length ? null : await this.look();
    if (seconds === null) {
      this.net("The time is up. There is no connection; what is kept here is sent as soon as it is back.");
      setTimeout(() => void this.end(), RETRY);
    } else if (seconds > 0) this.over = false;
    else this.querySelector<HTMLFormElement>("[data-hand-in]")?.submit();
  }

  /**
   * The seconds left, after asking: a mentor may have given extra time, or another window may have handed in.
   * Null where the server cannot say.
   */
  private async look(): Promise<number | null> {
    try {
      const answer = await fetch(this.getAttribute("clock") ?? "", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10_000) });
      if (!answer.ok) return answer.status >= 500 ? null : 0;
      const told = (await answer.json()) as { seconds_left: number; handed_in: boolean };
      if (told.handed_in) location.reload();
      else this.setSeconds(told.seconds_left);
      if (!Object.keys(this.kept).length) this.net("");
      return told.seconds_left;
    } catch {
      this.offline();
      return null;
    }
  }

  // --- words

  private form(question: string): HTMLFormElement | null {
    return this.querySelector<HTMLFormElement>(`form[data-question="${question}"]`);
  }

  private say(form: HTMLFormElement, state: "saving" | "saved" | "unsaved", words: string): void {
    const place = form.querySelector<HTMLElement>(".save-state");
    if (!place) return;
    place.dataset["state"] = state;
    place.textContent = words;
  }

  private net(words: string): void {
    const place = this.querySelector<HTMLElement>("[data-net]");
    if (place && place.textContent !== words) place.textContent = words;
  }

  private offline(): void {
    this.net("No connection. Your answers are kept in this browser and sent as soon as it is back.");
    for (const question of Object.keys(this.kept)) {
      const form = this.form(question);
      if (form) this.say(form, "unsaved", "Kept in this browser, not yet sent");
    }
  }
}

function written(seconds: number): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

customElements.define("exam-sheet", ExamSheet);
