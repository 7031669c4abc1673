import { csrfToken, debounced } from "../http";

const WAIT = 2000;

/**
 * Knows which section of a lesson is being read: marks it in the outlines (links to its anchor) and tells the server,
 * so that the next visit begins there. Without `url`, for a guest, it only marks.
 *
 * ```html
 * <reading-place url="/topics/loss-functions/reading" section="where-it-stopped"><article class="prose">
 *   <h2 id="from-scores">…</h2> … </article></reading-place>
 * ```
 *
 * PUTs the form field `section`. An element with `data-section` shows the title of the section.
 */
export class ReadingPlace extends HTMLElement {
  private saved = "";
  private section = "";
  private waiting = false;
  private readonly soon = debounced(() => void this.save(), WAIT);

  connectedCallback(): void {
    this.saved = this.getAttribute("section") ?? "";
    addEventListener("scroll", this.onScroll, { passive: true });
    addEventListener("pagehide", this.onLeave);
    this.sheet?.addEventListener("click", this.onChoice);
    this.look();
  }

  disconnectedCallback(): void {
    removeEventListener("scroll", this.onScroll);
    removeEventListener("pagehide", this.onLeave);
    this.sheet?.removeEventListener("click", this.onChoice);
    this.soon.cancel();
  }

  private get sheet(): HTMLDetailsElement | null {
    return document.querySelector("details.side-s");
  }

  /** The sheet closes over the text that was chosen in it. */
  private readonly onChoice = (event: Event): void => {
    if (this.sheet && (event.target as Element).closest("a")) this.sheet.open = false;
  };

  private readonly onLeave = (): void => this.soon.flush();

  private readonly onScroll = (): void => {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.look();
    });
  };

  /** The section being read is the last whose heading is in the upper part of the window, or above it. */
  private look(): void {
    const headings = [...this.querySelectorAll<HTMLElement>("h2[id]")];
    const line = innerHeight * 0.4;
    const here = headings.filter((heading) => heading.getBoundingClientRect().top < line).at(-1)?.id ?? "";
    if (here === this.section) return;
    this.section = here;
    this.mark();
    if (this.getAttribute("url")) this.soon();
  }

  private mark(): void {
    for (const link of document.querySelectorAll<HTMLAnchorElement>(".ol a[href^='#']")) {
      if (link.hash === `#${this.section}`) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
    this.name(document.getElementById(this.section)?.textContent ?? "");
  }

  /** The bar of phones says which section it is; before the first one, the title that the page came with. */
  private name(section: string): void {
    const words = document.querySelector<HTMLElement>("[data-section]");
    if (!words) return;
    words.dataset["section"] ||= words.textContent;
    words.textContent = section || (words.dataset["section"] ?? "");
  }

  private async save(): Promise<void> {
    const { section } = this;
    const url = this.getAttribute("url");
    if (!url || !section || section === this.saved) return;
    const body = new URLSearchParams({ section });
    const headers = { "X-CSRFToken": csrfToken(this) };
    try {
      const answer = await fetch(url, { method: "PUT", body, headers, credentials: "same-origin", redirect: "manual", keepalive: true });
      if (answer.ok) this.saved = section;
    } catch {
      this.saved = ""; // the network failed: the next section, or this one again, is told instead
    }
  }
}

customElements.define("reading-place", ReadingPlace);
