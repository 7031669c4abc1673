/**
 * Draws a skill map. The boxes of the form stay the truth: without script they are ticked, with it they are hidden,
 * and each line on the board is a ticked box. Lines are drawn by dragging from an idea to a use, by choosing one and
 * then the other, or with the keyboard: arrows move, Enter chooses, Escape lets go.
 *
 * ```html
 * <skill-map><div class="boxes"><fieldset data-idea="gradient"><legend>Gradient</legend>
 *   <label><input type="checkbox" name="line" value="gradient:step" data-use="step" data-verdict="right" checked>
 *   <span>One step</span></label></fieldset></div></skill-map>
 * ```
 */
const SVG = "http://www.w3.org/2000/svg";
type Side = "idea" | "use";

export class SkillMap extends HTMLElement {
  connectedCallback(): void {
    if (this.board || !this.boxes.length || this.boxes[0]?.disabled) return;
    this.board = this.build();
    new ResizeObserver(() => this.draw()).observe(this.board);
    this.draw();
  }

  private board: HTMLElement | undefined;
  private chosen: HTMLButtonElement | undefined;
  private readonly sheet = document.createElementNS(SVG, "svg");
  private readonly voice = document.createElement("div");
  private readonly nodes: Record<Side, Map<string, HTMLButtonElement>> = { idea: new Map(), use: new Map() };

  private get boxes(): HTMLInputElement[] {
    return [...this.querySelectorAll<HTMLInputElement>('input[name="line"]')];
  }

  private box(idea: string, use: string): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>(`input[value="${idea}:${use}"]`);
  }

  private build(): HTMLElement {
    const board = document.createElement("div");
    board.className = "board";
    board.setAttribute("role", "group");
    board.setAttribute("aria-label", "Ideas at the left, uses at the right");
    this.sheet.setAttribute("aria-hidden", "true");
    for (const field of this.querySelectorAll<HTMLFieldSetElement>("fieldset")) {
      this.add("idea", field.dataset["idea"] ?? "", field.querySelector("legend")?.textContent ?? "");
    }
    for (const box of this.querySelectorAll<HTMLInputElement>("fieldset:first-of-type input")) {
      this.add("use", box.dataset["use"] ?? "", box.nextElementSibling?.textContent ?? "");
    }
    board.append(this.column("idea", "Ideas"), this.sheet, this.column("use", "Where they are used"));
    this.voice.className = "vh";
    this.voice.setAttribute("role", "status");
    this.append(board, this.voice);
    this.classList.add("drawn");
    const help = this.querySelector(".help");
    if (help) help.textContent = "Drag from an idea to a use, or choose one and then the other. Do it again, or choose the line, to take it away.";
    return board;
  }

  private column(side: Side, title: string): HTMLElement {
    const column = document.createElement("div");
    column.className = `col ${side}s`;
    const heading = document.createElement("h2");
    heading.className = "label";
    heading.textContent = title;
    column.append(heading, ...this.nodes[side].values());
    return column;
  }

  private add(side: Side, id: string, text: string): void {
    const node = document.createElement("button");
    Object.assign(node, { type: "button", className: `node ${side}`, textContent: text.trim() });
    node.dataset["side"] = side;
    node.dataset["id"] = id;
    node.setAttribute("aria-pressed", "false");
    node.addEventListener("click", () => this.choose(node));
    node.addEventListener("keydown", (event) => this.key(event, node));
    node.addEventListener("pointerdown", (event) => this.drag(event, node));
    this.nodes[side].set(id, node);
  }

  /** The first choice is held, a second one on the other side is joined with it. */
  private choose(node: HTMLButtonElement): void {
    const held = this.chosen;
    if (held && held.dataset["side"] !== node.dataset["side"]) {
      this.join(held, node);
      return;
    }
    this.hold(held === node ? undefined : node);
  }

  private hold(node: HTMLButtonElement | undefined): void {
    this.chosen?.setAttribute("aria-pressed", "false");
    this.chosen = node;
    node?.setAttribute("aria-pressed", "true");
    if (node) this.say(`${node.textContent ?? ""}: choose what it joins.`);
    this.draw();
  }

  private join(a: HTMLButtonElement, b: HTMLButtonElement): void {
    const [idea, use] = a.dataset["side"] === "idea" ? [a, b] : [b, a];
    const box = this.box(idea.dataset["id"] ?? "", use.dataset["id"] ?? "");
    if (!box) return;
    this.toggle(box, idea, use);
    this.hold(undefined);
  }

  /** A line that the learner changes has no mark any more. */
  private toggle(box: HTMLInputElement, idea: HTMLElement, use: HTMLElement): void {
    box.checked = !box.checked;
    delete box.dataset["verdict"];
    box.dispatchEvent(new Event("change", { bubbles: true }));
    this.say(`${box.checked ? "Joined" : "Parted"}: ${idea.textContent ?? ""} and ${use.textContent ?? ""}.`);
    this.draw();
  }

  private key(event: KeyboardEvent, node: HTMLButtonElement): void {
    const side = node.dataset["side"] as Side;
    const here = [...this.nodes[side].values()];
    const place = here.indexOf(node);
    const across = [...this.nodes[side === "idea" ? "use" : "idea"].values()];
    const towards: Record<string, HTMLButtonElement | undefined> = {
      ArrowDown: here[place + 1],
      ArrowUp: here[place - 1],
      ArrowRight: side === "idea" ? across[Math.min(place, across.length - 1)] : undefined,
      ArrowLeft: side === "use" ? across[Math.min(place, across.length - 1)] : undefined,
    };
    if (event.key === "Escape" && this.chosen) this.hold(undefined);
    else if (towards[event.key]) towards[event.key]?.focus();
    else return;
    event.preventDefault();
  }

  /** A line follows the pointer; let go over the other side, it joins. A press without a move is a click. */
  private drag(event: PointerEvent, from: HTMLButtonElement): void {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const line = this.line("line draft");
    let moved = false;
    const move = (at: PointerEvent): void => {
      moved ||= Math.hypot(at.clientX - event.clientX, at.clientY - event.clientY) > 6;
      if (!moved) return;
      const sheet = this.sheet.getBoundingClientRect();
      if (!line.isConnected) this.sheet.append(line);
      const [x, y] = this.port(from);
      this.place(line, x, y, at.clientX - sheet.left, at.clientY - sheet.top);
    };
    const drop = (at: PointerEvent): void => {
      removeEventListener("pointermove", move);
      line.remove();
      const under = document.elementFromPoint(at.clientX, at.clientY)?.closest<HTMLButtonElement>(".node");
      if (moved && under && this.contains(under) && under.dataset["side"] !== from.dataset["side"]) this.join(from, under);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", drop, { once: true });
  }

  /** Where lines end at a node: the middle of its inner edge, on the sheet. */
  private port(node: HTMLElement): [number, number] {
    const [box, sheet] = [node.getBoundingClientRect(), this.sheet.getBoundingClientRect()];
    const x = node.dataset["side"] === "idea" ? 0 : sheet.width;
    return [x, box.top + box.height / 2 - sheet.top];
  }

  private line(name: string): SVGPathElement {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    return path;
  }

  private place(path: SVGPathElement, x1: number, y1: number, x2: number, y2: number): void {
    const bend = (x2 - x1) / 2.4;
    path.setAttribute("d", `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
  }

  /** Every ticked box, and every one marked as missing, as a line; wide invisible ones take the pointer. */
  private draw(): void {
    this.sheet.replaceChildren();
    for (const [idea, from] of this.nodes.idea) {
      for (const [use, to] of this.nodes.use) {
        const box = this.box(idea, use);
        const verdict = box?.dataset["verdict"] ?? "";
        if (!box || (!box.checked && verdict !== "missing")) continue;
        const held = this.chosen === from || this.chosen === to ? " held" : "";
        const ends = [...this.port(from), ...this.port(to)] as [number, number, number, number];
        const [seen, hit] = [this.line(`line ${verdict}${held}`), this.line("hit")];
        this.place(seen, ...ends);
        this.place(hit, ...ends);
        hit.addEventListener("click", () => this.toggle(box, from, to));
        this.sheet.append(seen, hit);
      }
    }
  }

  private say(text: string): void {
    this.voice.textContent = text;
  }
}

customElements.define("skill-map", SkillMap);
