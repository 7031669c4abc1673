import { follow } from "../drag";

/**
 * Finds what belongs together by dragging a half onto its row. Without script, and for keyboards, each row has a
 * select; what is dragged sets it, so the form sends the same. A click picks a half up, another one puts it down.
 *
 * ```html
 * <match-pairs><ol class="rights"><li data-value="2">…</li></ol>
 *   <ul class="pairs"><li><span>…</span><select name="pair-0">…</select></li></ul></match-pairs>
 * ```
 */
export class MatchPairs extends HTMLElement {
  private held: HTMLElement | undefined;

  connectedCallback(): void {
    if (this.querySelector("select:disabled, .movable")) return;
    for (const half of this.halves) half.classList.add("movable");
    this.addEventListener("pointerdown", this.onDown);
    this.addEventListener("click", this.onClick);
    this.addEventListener("change", this.show);
    this.show();
  }

  private get halves(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(".rights > li")];
  }

  private get rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(".pairs > li")];
  }

  private readonly onDown = (event: PointerEvent): void => {
    const half = (event.target as Element).closest<HTMLElement>(".rights > li");
    if (!half || event.button !== 0) return;
    follow(event, {
      move: (at, x, y) => {
        this.hold(half);
        half.style.translate = `${x}px ${y}px`;
        const over = this.rowAt(at);
        for (const row of this.rows) row.classList.toggle("over", row === over);
      },
      end: (at, dropped) => {
        half.style.translate = "";
        const row = at && dropped ? this.rowAt(at) : undefined;
        if (row) this.put(row);
        this.hold(undefined);
      },
    });
  };

  private readonly onClick = (event: Event): void => {
    const target = event.target as Element;
    const half = target.closest<HTMLElement>(".rights > li");
    const row = target.closest("select") ? null : target.closest<HTMLElement>(".pairs > li");
    if (half) this.hold(half === this.held ? undefined : half);
    else if (row && this.held) {
      this.put(row);
      this.hold(undefined);
    }
  };

  private rowAt(event: PointerEvent): HTMLElement | undefined {
    return this.rows.find((row) => {
      const box = row.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    });
  }

  private hold(half: HTMLElement | undefined): void {
    this.held = half;
    for (const one of this.halves) one.classList.toggle("held", one === half);
    if (!half) for (const row of this.rows) row.classList.remove("over");
  }

  private put(row: HTMLElement): void {
    const select = row.querySelector("select");
    if (!select || !this.held) return;
    select.value = this.held.dataset["value"] ?? "";
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** A half that is in use steps back; it can still be used again. */
  private readonly show = (): void => {
    const used = new Set([...this.querySelectorAll("select")].map((select) => select.value));
    for (const half of this.halves) half.classList.toggle("used", used.has(half.dataset["value"] ?? ""));
  };
}

customElements.define("match-pairs", MatchPairs);
