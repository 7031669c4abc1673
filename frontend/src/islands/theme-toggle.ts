type Theme = "system" | "light" | "dark";
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const WORDS: Record<Theme, string> = { system: "as your system", light: "light", dark: "dark" };

/**
 * Walks through light, dark and the system's theme. The cookie lets the server draw the next page without a flash.
 *
 * ```html
 * <theme-toggle class="needs-js"><button type="button" aria-label="Change theme">…</button></theme-toggle>
 * ```
 */
export class ThemeToggle extends HTMLElement {
  connectedCallback(): void {
    this.show(this.theme);
    this.addEventListener("click", this.change);
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.change);
  }

  get theme(): Theme {
    const theme = document.documentElement.dataset["theme"];
    return theme === "light" || theme === "dark" ? theme : "system";
  }

  private readonly change = (): void => {
    const theme = NEXT[this.theme];
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    localStorage.setItem("theme", theme);
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    this.show(theme);
  };

  private show(theme: Theme): void {
    const label = `Theme: ${WORDS[theme]}. Change to ${WORDS[NEXT[theme]]}`;
    const button = this.querySelector("button");
    button?.setAttribute("aria-label", label);
    button?.setAttribute("title", label);
  }
}

customElements.define("theme-toggle", ThemeToggle);
