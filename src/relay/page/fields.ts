import { type Html, html } from "./html.ts";

interface Field {
  /** Unique on the page. Default: the name. */
  readonly id?: string;
  readonly name: string;
  readonly label: string;
  readonly help?: Html | string | undefined;
  /** What is wrong with what was typed. */
  readonly error?: string | undefined;
}

/** A text that is shown again when something else is wrong. */
export function textField(
  { name, id = name, label, help, error }: Field,
  value: string,
  isRequired = false,
): Html {
  return html`<div class="field">
    <label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      value="${value}"
      maxlength="200"
      autocomplete="off"
      ${isRequired && REQUIRED}
      ${describedBy(id, help, error)}
    />
    ${helpAndError(id, help, error)}
  </div>`;
}

/** A secret: it is never shown again, and no browser is asked to keep it. */
export function secretField({ name, id = name, label, help, error }: Field, isRequired = false): Html {
  return html`<div class="field">
    <label for="${id}">${label}</label>
    <input
      id="${id}"
      name="${name}"
      type="password"
      maxlength="500"
      autocomplete="off"
      spellcheck="false"
      ${isRequired && REQUIRED}
      ${describedBy(id, help, error)}
    />
    ${helpAndError(id, help, error)}
  </div>`;
}

export function tick(name: string, label: string, isTicked: boolean, isRequired = false): Html {
  return html`<div class="tick">
    <input
      id="${name}"
      name="${name}"
      type="checkbox"
      value="yes"
      ${isTicked && html`checked`}
      ${isRequired && REQUIRED}
    />
    <label for="${name}">${label}</label>
  </div>`;
}

const REQUIRED = html`required`;

function describedBy(id: string, help: Field["help"], error: string | undefined): Html | false {
  const ids = [
    ...(error === undefined ? [] : [`${id}-error`]),
    ...(help === undefined ? [] : [`${id}-help`]),
  ];
  return (
    ids.length > 0 &&
    html`aria-describedby="${ids.join(" ")}" ${error !== undefined && html`aria-invalid="true" autofocus`}`
  );
}

function helpAndError(id: string, help: Field["help"], error: string | undefined): Html {
  return html`${error !== undefined && html`<p id="${id}-error" class="bad" role="alert">${error}</p>`}
  ${help !== undefined && html`<p id="${id}-help" class="empty">${help}</p>`}`;
}
