/**
 * Puts items in order with buttons. Without script the number fields say the place of each item; with it they are
 * hidden and follow the buttons, so the form sends the same.
 *
 * ```html
 * <order-list><ol class="order">
 *   <li><select class="field" name="place-b" aria-label="Place of item 1">…</select><span>…</span></li>
 * </ol></order-list>
 * ```
 */
export class OrderList extends HTMLElement {
  connectedCallback(): void {
    const first = this.querySelector("select");
    if (!first || first.disabled || this.querySelector(".moves")) return;
    for (const item of this.items) item.append(this.moves(item));
    this.voice.className = "vh";
    this.voice.setAttribute("role", "status");
    this.append(this.voice);
    this.number();
  }

  private readonly voice = document.createElement("div");

  private get items(): HTMLLIElement[] {
    return [...this.querySelectorAll<HTMLLIElement>("li")];
  }

  private moves(item: HTMLLIElement): HTMLElement {
    const group = document.createElement("span");
    group.className = "moves";
    group.append(this.button(item, -1, "↑", "Move up"), this.button(item, 1, "↓", "Move down"));
    return group;
  }

  private button(item: HTMLLIElement, by: -1 | 1, sign: string, label: string): HTMLButtonElement {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn sm icon", textContent: sign });
    button.setAttribute("aria-label", `${label}: ${item.textContent?.trim().slice(-80) ?? ""}`);
    button.addEventListener("click", () => this.move(item, by, button));
    return button;
  }

  private move(item: HTMLLIElement, by: -1 | 1, button: HTMLButtonElement): void {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (by < 0) other.before(item);
    else other.after(item);
    this.number();
    button.focus();
    this.voice.textContent = `Place ${this.items.indexOf(item) + 1} of ${this.items.length}`;
  }

  /** Each item's field says where it is now, and stays out of sight. */
  private number(): void {
    this.items.forEach((item, place) => {
      const field = item.querySelector("select");
      if (!field) return;
      field.hidden = true;
      field.value = String(place + 1);
    });
  }
}

customElements.define("order-list", OrderList);
