/** HTMX under our content security policy: no eval, no injected styles, no foreign addresses. */
import htmx from "htmx.org";

/** A refusal is a fragment for the person, so it is shown where the answer would be; our own failure is not. */
const responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "4(00|01|04|09|13|22|29)", swap: true, error: true },
  { code: "...", swap: false, error: true },
];
Object.assign(htmx.config, { allowEval: false, includeIndicatorStyles: false, selfRequestsOnly: true, responseHandling });
document.addEventListener("htmx:configRequest", (event) => {
  const { headers } = (event as CustomEvent<{ headers: Record<string, string> }>).detail;
  const token = document.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value;
  if (token) headers["X-CSRFToken"] = token;
});
// Between DOMContentLoaded and load it would wait for an event that has passed; what is known stays as it is.
htmx.process(document.body);
