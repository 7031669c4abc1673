/**
 * Tabs by the ARIA pattern: arrow keys, Home and End move; the panel named by `aria-controls` shows.
 *
 * ```html
 * <tab-set>
 *   <div class="tabs" role="tablist" aria-label="Results">
 *     <button type="button" role="tab" aria-controls="p1" aria-selected="true">Tests</button>
 *     <button type="button" role="tab" aria-controls="p2" aria-selected="false">Output</button>
 *   </div>
 *   <div role="tabpanel" id="p1">…</div>
 *   <div role="tabpanel" id="p2" hidden>…</div>
 * </tab-set>
 * ```
 */
export class TabSet extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", this.onClick);
    this.addEventListener("keydown", this.onKey);
    for (const tab of this.tabs) {
      tab.id ||= `tab-${tab.getAttribute("aria-controls") ?? ""}`;
      const panel = this.panelOf(tab);
      panel?.setAttribute("aria-labelledby", tab.id);
      if (panel && !panel.hasAttribute("tabindex")) panel.tabIndex = 0;
    }
    const chosen = this.tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? this.tabs[0];
    if (chosen) this.select(chosen);
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.onClick);
    this.removeEventListener("keydown", this.onKey);
  }

  /** Show the panel of a tab. */
  select(chosen: HTMLElement): void {
    for (const tab of this.tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      const panel = this.panelOf(tab);
      if (panel) panel.hidden = tab !== chosen;
    }
  }

  private get tabs(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[role=tab]")].filter((tab) => tab.closest("tab-set") === this);
  }

  private panelOf(tab: HTMLElement): HTMLElement | null {
    return document.getElementById(tab.getAttribute("aria-controls") ?? "");
  }

  private readonly onClick = (event: Event): void => {
    const tab = (event.target as Element).closest<HTMLElement>("[role=tab]");
    if (!tab || !this.tabs.includes(tab)) return;
    this.select(tab);
    tab.scrollIntoView?.({ block: "nearest", inline: "center" });
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const tabs = this.tabs;
    const at = tabs.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const to = moves[event.key];
    if (to === undefined) return;
    const tab = tabs[(to + tabs.length) % tabs.length];
    if (!tab) return;
    event.preventDefault();
    this.select(tab);
    tab.focus();
  };
}

customElements.define("tab-set", TabSet);
