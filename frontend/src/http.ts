/** What several islands need to talk to the site. */

/** The CSRF token of the form around or inside an element, or "" without one. */
export function csrfToken(element: Element): string {
  const form = element.closest("form") ?? element.querySelector("form") ?? document;
  return form.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** PUT a JSON body. Resolves for every HTTP status; rejects when the network fails. */
export function putJson(url: string, body: unknown, element: Element): Promise<Response> {
  return fetch(url, {
    method: "PUT",
    credentials: "same-origin",
    redirect: "manual",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken(element) },
    body: JSON.stringify(body),
  });
}

/** Call `action` once, `ms` after the last call. `flush` calls it now if it waits. */
export function debounced(action: () => void, ms: number): { (): void; flush(): void; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cancel = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const run = (): void => {
    cancel();
    action();
  };
  const call = (): void => {
    cancel();
    timer = setTimeout(run, ms);
  };
  return Object.assign(call, { cancel, flush: () => (timer === undefined ? undefined : run()) });
}
