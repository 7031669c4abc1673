import { follow } from "../drag";

/**
 * Puts items in order by dragging, and with buttons for keyboards. Without script a field says the place of each item;
 * with it the fields are hidden and follow, so the form sends the same. A finger drags by the handle: elsewhere it
 * scrolls the page. Each move is said, and is a `change` of the item's field.
 *
 * ```html
 * <order-list><ol class="order">
 *   <li><select class="field" name="place-b" aria-label="Place of item 1">…</select><span class="sans-prose">…</span></li>
 * </ol></order-list>
 * ```
 */
export class OrderList extends HTMLElement {
  connectedCallback(): void {
    const first = this.querySelector("select");
    if (!first || first.disabled || this.querySelector(".moves")) return;
    for (const item of this.items) this.equip(item);
    this.voice.className = "vh";
    this.voice.setAttribute("role", "status");
    this.append(this.voice);
    this.addEventListener("pointerdown", this.onDown);
    this.number();
  }

  private readonly voice = document.createElement("div");

  private get items(): HTMLLIElement[] {
    return [...this.querySelectorAll<HTMLLIElement>("li")];
  }

  /** A handle before the words, the buttons after them. */
  private equip(item: HTMLLIElement): void {
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.setAttribute("aria-hidden", "true");
    const moves = document.createElement("span");
    moves.className = "moves";
    moves.append(this.button(item, -1, "↑", "Move up"), this.button(item, 1, "↓", "Move down"));
    item.classList.add("movable");
    item.prepend(grip);
    item.append(moves);
  }

  private button(item: HTMLLIElement, by: -1 | 1, sign: string, label: string): HTMLButtonElement {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn sm icon", textContent: sign });
    button.setAttribute("aria-label", `${label}: ${words(item)}`);
    button.addEventListener("click", () => this.move(item, by, button));
    return button;
  }

  private move(item: HTMLLIElement, by: -1 | 1, button: HTMLButtonElement): void {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (other) {
      if (by < 0) other.before(item);
      else other.after(item);
      button.focus();
      this.moved(item);
    } else this.voice.textContent = `It is the ${by < 0 ? "first" : "last"} one already.`;
  }

  private readonly onDown = (event: PointerEvent): void => {
    const target = event.target as Element;
    const item = target.closest<HTMLLIElement>("li");
    if (!item || event.button !== 0 || target.closest("button, a")) return;
    if (event.pointerType === "touch" && !target.closest(".grip")) return;
    const before = this.items;
    const held = event.clientY - item.getBoundingClientRect().top;
    follow(event, {
      move: (at) => this.carry(item, at.clientY - held),
      end: (_, dropped) => {
        item.classList.remove("held");
        item.style.translate = "";
        if (!dropped) item.parentElement?.append(...before);
        if (this.items.indexOf(item) !== before.indexOf(item)) this.moved(item);
        else this.number();
      },
    });
  };

  /** Hold the item's upper edge there; neighbours make room. They move and not the item, which a finger would lose. */
  private carry(item: HTMLLIElement, top: number): void {
    item.classList.add("held");
    item.style.translate = "";
    const bottom = top + item.getBoundingClientRect().height;
    let other: Element | null;
    while ((other = item.previousElementSibling) && top < middle(other)) item.after(other);
    while ((other = item.nextElementSibling) && bottom > middle(other)) item.before(other);
    item.style.translate = `0 ${top - item.getBoundingClientRect().top}px`;
  }

  private moved(item: HTMLLIElement): void {
    this.number();
    this.voice.textContent = `${words(item)}: place ${this.items.indexOf(item) + 1} of ${this.items.length}`;
    item.querySelector("select")?.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Each item's field says where it is now, and stays out of sight. */
  private number(): void {
    this.items.forEach((item, place, all) => {
      const field = item.querySelector("select");
      if (!field) return;
      field.hidden = true;
      field.value = String(place + 1);
      const [up, down] = item.querySelectorAll(".moves button");
      up?.setAttribute("aria-disabled", String(place === 0));
      down?.setAttribute("aria-disabled", String(place === all.length - 1));
    });
  }
}

function middle(item: Element): number {
  const box = item.getBoundingClientRect();
  return box.top + box.height / 2;
}

/** What an item says, a formula once: as its MathML does. */
function words(item: Element): string {
  const text = item.querySelector(".sans-prose")?.cloneNode(true) as Element | undefined;
  for (const twice of text?.querySelectorAll("[aria-hidden=true], annotation") ?? []) twice.remove();
  return (text?.textContent ?? "").replace(/\s+/g, " ").trim().slice(0, 80);
}

customElements.define("order-list", OrderList);
