/**
 * Lets a piece of the plan be dragged to another day. Dropping fills the date in the piece's own form and sends it, so
 * that the form, which also works by keyboard and without script, is the one way in which things move.
 *
 * ```html
 * <plan-board><ol>
 *   <li data-day="2026-03-02"><ul><li data-item="lesson:tensors">…<form><input type="date" name="day">…</form></li></ul></li>
 *   <li data-day="2026-03-03"></li>
 * </ol></plan-board>
 * ```
 */
export class PlanBoard extends HTMLElement {
  private held: HTMLElement | null = null;

  connectedCallback(): void {
    for (const piece of this.querySelectorAll<HTMLElement>("[data-item]")) piece.draggable = true;
    this.addEventListener("dragstart", this.take);
    this.addEventListener("dragend", this.letGo);
    this.addEventListener("dragover", this.hover);
    this.addEventListener("drop", this.drop);
  }

  private readonly take = (event: DragEvent): void => {
    this.held = (event.target as Element).closest<HTMLElement>("[data-item]");
    this.held?.classList.add("held");
    if (event.dataTransfer) {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", this.held?.dataset.item ?? "");
    }
  };

  private readonly letGo = (): void => {
    this.held?.classList.remove("held");
    this.held = null;
    this.mark(null);
  };

  private readonly hover = (event: DragEvent): void => {
    const day = this.dayUnder(event);
    this.mark(day);
    if (day) event.preventDefault(); // which is how a page says that dropping is allowed here
  };

  private readonly drop = (event: DragEvent): void => {
    const day = this.dayUnder(event);
    const field = this.held?.querySelector<HTMLInputElement>("input[name=day]");
    if (!day?.dataset.day || !field) return;
    event.preventDefault();
    field.value = day.dataset.day;
    this.letGo();
    field.form?.requestSubmit();
  };

  /** The day under the pointer, unless the piece is on it already. */
  private dayUnder(event: DragEvent): HTMLElement | null {
    const day = this.held && (event.target as Element).closest<HTMLElement>("[data-day]");
    return day && !day.contains(this.held) ? day : null;
  }

  private mark(day: HTMLElement | null): void {
    for (const one of this.querySelectorAll(".over-it")) one.classList.toggle("over-it", one === day);
    day?.classList.add("over-it");
  }
}

customElements.define("plan-board", PlanBoard);
