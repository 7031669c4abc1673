import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import type { Extension } from "@codemirror/state";
import { colours, theme } from "./editor-theme";
import { errorLines, showErrors } from "./error-lines";
import type { Diagnostic } from "./error-lines";

const LEAVE = "Tab indents. To leave the editor press Escape, then Tab.";
const languages: Record<string, () => Promise<Extension>> = {
  python: () => import("@codemirror/lang-python").then(({ python }) => python()),
  markdown: () => import("@codemirror/lang-markdown").then(({ markdown }) => markdown()),
};

/**
 * A code editor around a textarea, which stays in the form and always holds the text. Ctrl+Enter presses the form's
 * `[data-run]` button, Ctrl+Shift+Enter `[data-submit]`. Lines that the results on the page name (`[data-line]` in a
 * `<run-live>`) are marked; `data-errors` marks lines from the start.
 *
 * ```html
 * <code-editor data-errors='[{"line": 13, "message": "…"}]'>
 *   <textarea name="file:solution.py" data-language="python" aria-label="Code, solution.py">…</textarea>
 *   <template data-starter>…</template>
 * </code-editor>
 * ```
 */
export class CodeEditor extends HTMLElement {
  private view: EditorView | undefined;
  private readonly language = new Compartment();
  private position: HTMLElement | undefined;
  private advice: HTMLElement | undefined;

  connectedCallback(): void {
    const textarea = this.textarea;
    if (!textarea || this.view) return;
    this.view = new EditorView({ state: this.stateFor(textarea), parent: this });
    textarea.hidden = true;
    this.append(this.statusLine());
    void this.colour(textarea.dataset["language"] ?? "python");
    this.setDiagnostics([...this.given(), ...this.named(document)]);
    this.showPosition();
    document.addEventListener("cairn:added", this.onResults);
    document.addEventListener("run-started", this.onStart);
    document.addEventListener("click", this.onClick);
  }

  disconnectedCallback(): void {
    document.removeEventListener("cairn:added", this.onResults);
    document.removeEventListener("run-started", this.onStart);
    document.removeEventListener("click", this.onClick);
    this.view?.destroy();
    this.view = undefined;
  }

  /** The text. Setting it is one step that Ctrl+Z takes back. */
  get value(): string {
    return this.view?.state.doc.toString() ?? this.textarea?.value ?? "";
  }

  set value(text: string) {
    const { view } = this;
    if (!view || text === this.value) return;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  }

  /** What Reset goes back to, or undefined. */
  get starter(): string | undefined {
    return this.querySelector<HTMLTemplateElement>("template[data-starter]")?.content.textContent ?? undefined;
  }

  /** Mark these lines as at fault, and no others. */
  setDiagnostics(diagnostics: readonly Diagnostic[]): void {
    if (this.view) showErrors(this.view, diagnostics);
  }

  /** Put the cursor at the start of a line, from 1, and show it. */
  goTo(line: number): void {
    const { view } = this;
    if (!view || line < 1 || line > view.state.doc.lines) return;
    const { from } = view.state.doc.line(line);
    view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    view.focus();
  }

  private get textarea(): HTMLTextAreaElement | null {
    return this.querySelector("textarea");
  }

  private stateFor(textarea: HTMLTextAreaElement): EditorState {
    const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
    const label = textarea.getAttribute("aria-label") ?? "Code editor";
    return EditorState.create({
      doc: textarea.value,
      extensions: [
        nonce ? EditorView.cspNonce.of(nonce) : [],
        Prec.highest(keymap.of([
          { key: "Mod-Enter", run: () => this.press("[data-run]") },
          { key: "Mod-Shift-Enter", run: () => this.press("[data-submit]") },
        ])),
        lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), drawSelection(), history(),
        indentUnit.of("    "), EditorState.tabSize.of(4), indentOnInput(), bracketMatching(), closeBrackets(),
        autocompletion({ activateOnTyping: false }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, indentWithTab]),
        this.language.of([]), syntaxHighlighting(colours), theme, errorLines,
        EditorState.readOnly.of(textarea.readOnly), EditorView.editable.of(!textarea.readOnly),
        EditorView.contentAttributes.of({ tabindex: "0", "aria-label": label, "aria-readonly": String(textarea.readOnly) }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) this.keepInStep();
          if (update.docChanged || update.selectionSet) this.showPosition();
          if (update.focusChanged) this.showAdvice(update.view.hasFocus);
        }),
      ],
    });
  }

  private async colour(name: string): Promise<void> {
    const extension = await languages[name]?.();
    if (extension) this.view?.dispatch({ effects: this.language.reconfigure(extension) });
  }

  private keepInStep(): void {
    const { textarea } = this;
    if (!textarea) return;
    textarea.value = this.value;
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  private statusLine(): HTMLElement {
    const line = document.createElement("div");
    line.className = "editor-status";
    this.advice = document.createElement("span");
    this.advice.setAttribute("role", "status");
    this.position = document.createElement("span");
    line.append(this.advice, this.position);
    return line;
  }

  private showAdvice(focused: boolean): void {
    if (this.advice && !this.textarea?.readOnly) this.advice.textContent = focused ? LEAVE : "";
  }

  private showPosition(): void {
    const { view } = this;
    if (!view || !this.position) return;
    const { head } = view.state.selection.main;
    const line = view.state.doc.lineAt(head);
    this.position.textContent = `Line ${line.number}, column ${head - line.from + 1}`;
  }

  /** Press the form's button, the one in sight where there are two. */
  private press(selector: string): boolean {
    const form = this.closest("form");
    const buttons = [...(form?.elements ?? [])].filter((element): element is HTMLButtonElement => element.matches(selector));
    const button = buttons.find((candidate) => candidate.checkVisibility?.()) ?? buttons[0];
    if (!button || button.getAttribute("aria-disabled") === "true") return true;
    button.click();
    return true;
  }

  private given(): Diagnostic[] {
    return JSON.parse(this.dataset["errors"] ?? "[]") as Diagnostic[];
  }

  /** The lines that results name. They speak of the entry file, which is the page's first editor. */
  private named(root: ParentNode): Diagnostic[] {
    if (document.querySelector("code-editor") !== this) return [];
    return [...root.querySelectorAll<HTMLElement>("run-live [data-line]")].map((place) => ({
      line: Number(place.dataset["line"]),
      message: place.dataset["said"] ?? place.closest("li")?.querySelector(".said-by-test")?.textContent?.trim() ?? "",
    }));
  }

  private readonly onResults = (): void => {
    const named = this.named(document);
    if (named.length) this.setDiagnostics(named);
  };

  private readonly onStart = (): void => this.setDiagnostics([]);

  private readonly onClick = (event: Event): void => {
    const place = (event.target as Element).closest?.<HTMLElement>("button[data-line]");
    if (place && document.querySelector("code-editor") === this) {
      document.querySelector<HTMLElement & { show?(key: string): void }>("split-panes")?.show?.("code");
      this.goTo(Number(place.dataset["line"]));
    }
  };
}

customElements.define("code-editor", CodeEditor);
