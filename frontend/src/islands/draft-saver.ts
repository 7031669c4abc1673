import { debounced, putJson } from "../http";

const WAIT = 600;
const RETRY = 5000;
const SIGNED_OUT =
  "Not saved on the server. Your text is kept in this browser. Sign in in another tab, then keep typing.";
const OFFLINE = "Not saved on the server. Your text is kept in this browser. We keep trying.";

type Files = Record<string, string>;
interface Draft {
  version: number;
  files: Files;
}

/**
 * Saves what is written in a form's textareas as a draft on the server, shortly after the last key. What the server
 * does not take is kept in this browser and offered again. File names are the textareas' names, without `file:`.
 *
 * ```html
 * <draft-saver url="/drafts/exercise/stable-softmax" version="3"><form method="post">{% csrf_token %}
 *   <span class="draft-state" data-draft-state role="status"></span>
 *   <button type="button" data-reset>Reset</button>
 *   <code-editor><textarea name="file:solution.py">…</textarea><template data-starter>…</template></code-editor>
 * </form></draft-saver>
 * ```
 *
 * PUTs `{"files": {name: text}, "version": 3}`; the answer is `{"version": 4}`, or 409 with the newer draft.
 */
export class DraftSaver extends HTMLElement {
  private saved = "";
  private version = 0;
  private saving = false;
  private conflict = false;
  private submitting = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly soon = debounced(() => void this.save(), WAIT);

  connectedCallback(): void {
    this.version = Number(this.getAttribute("version") ?? 0);
    this.saved = JSON.stringify(this.files);
    this.addEventListener("input", this.onInput);
    this.addEventListener("click", this.onClick);
    this.addEventListener("submit", this.onSubmit);
    window.addEventListener("beforeunload", this.onLeave);
    document.addEventListener("visibilitychange", this.onHide);
    this.offerKept();
  }

  disconnectedCallback(): void {
    this.soon.cancel();
    clearTimeout(this.retry);
    this.removeEventListener("input", this.onInput);
    this.removeEventListener("click", this.onClick);
    this.removeEventListener("submit", this.onSubmit);
    window.removeEventListener("beforeunload", this.onLeave);
    document.removeEventListener("visibilitychange", this.onHide);
  }

  /** The texts by file name. */
  get files(): Files {
    return Object.fromEntries(this.areas.map((area) => [fileName(area), area.value]));
  }

  private get areas(): HTMLTextAreaElement[] {
    return [...this.querySelectorAll<HTMLTextAreaElement>("textarea[name]")].filter((area) => !area.readOnly);
  }

  private get dirty(): boolean {
    return JSON.stringify(this.files) !== this.saved;
  }

  private get url(): string {
    return this.getAttribute("url") ?? "";
  }

  private readonly onInput = (event: Event): void => {
    if (!(event.target instanceof HTMLTextAreaElement) || this.conflict) return;
    this.submitting = false;
    if (!this.dirty) return;
    this.say("saving", "Saving…");
    this.soon();
  };

  private readonly onHide = (): void => {
    if (document.visibilityState === "hidden") this.soon.flush();
  };

  private readonly onLeave = (event: BeforeUnloadEvent): void => {
    if (!this.dirty) return;
    this.keep();
    this.soon.flush();
    if (!this.submitting) event.preventDefault();
  };

  private readonly onSubmit = (): void => {
    this.submitting = true; // the form carries the text itself: leaving the page loses nothing
  };

  private readonly onClick = (event: Event): void => {
    if ((event.target as Element).closest("[data-reset]")) this.reset();
  };

  /** Save now. One request at a time; what was written meanwhile follows. */
  async save(): Promise<void> {
    if (this.saving || this.conflict || !this.dirty) return;
    clearTimeout(this.retry);
    this.saving = true;
    const files = this.files;
    try {
      await this.take(await putJson(this.url, { files, version: this.version }, this), files);
    } catch {
      this.hold(OFFLINE);
    } finally {
      this.saving = false;
    }
    if (JSON.stringify(this.files) !== JSON.stringify(files)) this.soon();
  }

  private async take(answer: Response, files: Files): Promise<void> {
    this.retry = undefined;
    if (answer.ok) return this.settle(((await answer.json()) as Draft).version, files);
    if (answer.status === 409) return this.settleConflict((await answer.json()) as Draft & { draft?: Draft });
    const signedOut = answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403;
    this.hold(signedOut ? SIGNED_OUT : await reason(answer), answer.status !== 413 && answer.status !== 422);
  }

  private settle(version: number, files: Files): void {
    this.version = version;
    this.saved = JSON.stringify(files);
    this.forget();
    if (!this.dirty) this.say("saved", "Saved");
  }

  /** Not saved: the text stays in this browser, and the next try comes by itself. */
  private hold(words: string, again = true): void {
    this.keep();
    this.say("unsaved", words);
    if (again) this.retry = setTimeout(() => void this.save(), RETRY);
  }

  private settleConflict(answer: Draft & { draft?: Draft }): void {
    const newer = answer.draft ?? answer;
    this.conflict = true;
    this.keep();
    this.say("unsaved", "Not saved: a newer draft was saved elsewhere.");
    const resume = (version: number): void => {
      this.version = version;
      this.conflict = false;
    };
    this.offer("A newer draft was saved in another window or on another device.", [
      ["Load the newer draft", () => {
        resume(newer.version);
        this.saved = JSON.stringify({ ...this.files, ...newer.files });
        this.fill(newer.files);
        this.forget();
        this.say("saved", "Loaded the newer draft. Undo brings yours back.");
      }],
      ["Keep mine", () => {
        resume(newer.version);
        void this.save();
      }],
    ]);
  }

  // --- kept in this browser

  private get key(): string {
    return `draft:${this.url}`;
  }

  private keep(): void {
    localStorage.setItem(this.key, JSON.stringify({ version: this.version, files: this.files }));
  }

  private forget(): void {
    localStorage.removeItem(this.key);
  }

  private offerKept(): void {
    const kept = readDraft(localStorage.getItem(this.key));
    if (!kept || !this.areas.length) return;
    if (JSON.stringify({ ...this.files, ...kept.files }) === this.saved) return this.forget();
    this.offer("This browser kept text that was never saved on the server.", [
      ["Restore it", () => {
        this.fill(kept.files);
        void this.save();
      }],
      ["Discard it", () => this.forget()],
    ]);
  }

  // --- the form

  private fill(files: Files): void {
    for (const area of this.areas) {
      const text = files[fileName(area)];
      if (text === undefined) continue;
      const editor = area.closest<HTMLElement & { value?: string }>("code-editor");
      if (editor && "value" in editor) editor.value = text;
      else area.value = text;
    }
  }

  private reset(): void {
    const editors = [...this.querySelectorAll<HTMLElement & { starter?: string; value?: string }>("code-editor")];
    for (const editor of editors.filter((each) => !each.hidden)) {
      if (editor.starter !== undefined) editor.value = editor.starter;
    }
    this.say("saving", "Back to the starting code. Undo (Ctrl+Z) brings yours back.");
  }

  private say(state: "saving" | "saved" | "unsaved", words: string): void {
    const place = this.querySelector<HTMLElement>("[data-draft-state]");
    if (!place) return;
    place.dataset["state"] = state;
    if (place.textContent !== words) place.textContent = words;
  }

  private offer(words: string, choices: [string, () => void][]): void {
    this.querySelector(".draft-offer[data-offer]")?.remove();
    const box = document.createElement("div");
    box.className = "draft-offer";
    box.dataset["offer"] = "";
    box.setAttribute("role", "alert");
    const text = document.createElement("p");
    text.textContent = words;
    box.append(text);
    for (const [label, act] of choices) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "btn sm", textContent: label });
      button.addEventListener("click", () => {
        box.remove();
        act();
      });
      box.append(button);
    }
    const editor = this.querySelector("code-editor, textarea");
    if (editor) editor.before(box);
    else this.append(box);
  }
}

function fileName(area: HTMLTextAreaElement): string {
  return area.name.replace(/^file:/, "");
}

function readDraft(text: string | null): Draft | undefined {
  try {
    const draft = JSON.parse(text ?? "null") as Draft | null;
    return draft?.files ? draft : undefined;
  } catch {
    return undefined; // not ours
  }
}

async function reason(answer: Response): Promise<string> {
  const detail = await answer.json().then((body: { detail?: string }) => body.detail, () => undefined);
  return `Not saved: ${detail ?? "the server did not take it. Your text is kept in this browser."}`;
}

customElements.define("draft-saver", DraftSaver);
