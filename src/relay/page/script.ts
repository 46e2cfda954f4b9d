/**
 * The page's script. Without it everything works by loading the page anew; with it the page renews itself, buttons
 * don't leave it, and times are told as people do.
 */
export const SCRIPT = `"use strict";
(() => {
  const PERIOD_MS = 2000;
  const live = document.getElementById("live");
  const status = document.getElementById("status");
  if (live === null || status === null) return;
  let shown = "";
  let isLost = false;

  function ago(ms) {
    const seconds = Math.round(Math.abs(ms) / 1000);
    const [amount, unit] =
      seconds < 100 ? [seconds, "s"]
      : seconds < 5400 ? [Math.round(seconds / 60), "min"]
      : seconds < 129600 ? [Math.round(seconds / 3600), "h"]
      : [Math.round(seconds / 86400), "d"];
    if (amount === 0) return "now";
    return ms >= 0 ? amount + " " + unit + " ago" : "in " + amount + " " + unit;
  }

  function tellTimes() {
    for (const element of document.querySelectorAll("time[datetime]")) {
      const at = new Date(element.dateTime);
      const distance = ago(Date.now() - at);
      const clock = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
      const text = element.dataset.form === "clock" ? clock + " (" + distance + ")" : distance;
      if (element.textContent !== text) element.textContent = text;
      element.title = at.toLocaleString();
    }
  }

  // What has the focus is found again by what it does, so the keyboard's place survives the renewal.
  function keyOf(element) {
    const form = element.closest("form");
    if (form) return form.getAttribute("action");
    const details = element.closest("details");
    return element.getAttribute("href") || (details ? details.id : null);
  }

  function focusKey() {
    const element = document.activeElement;
    return element && live.contains(element) ? keyOf(element) : null;
  }

  function focusAgain(key) {
    const all = [...live.querySelectorAll("button, a[href], summary")];
    const folder = (path) => path && path.replace(/[^/]*$/, "");
    const element = all.find((other) => keyOf(other) === key)
      || all.find((other) => other.closest("form") && folder(keyOf(other)) === folder(key));
    if (element) element.focus();
  }

  function show(text) {
    if (text === shown) return;
    const key = focusKey();
    const open = [...live.querySelectorAll("details[open]")].map((details) => details.id);
    live.innerHTML = text;
    shown = text;
    tellTimes();
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    if (key !== null) focusAgain(key);
  }

  async function renew() {
    if (document.hidden) return;
    try {
      const response = await fetch(live.dataset.source + location.search, {
        headers: { accept: "text/plain" },
        credentials: "same-origin",
        cache: "no-store",
      });
      if (response.status === 401) return location.assign("/login");
      if (!response.ok) throw new Error("status " + response.status);
      show(await response.text());
      if (isLost) status.textContent = "Connected again.";
      isLost = false;
    } catch {
      isLost = true;
      status.textContent = "The relay does not answer; what you see may be old.";
    }
  }

  live.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    button.setAttribute("aria-disabled", "true");
    status.textContent = button.textContent.trim() + " …";
    try {
      const response = await fetch(form.getAttribute("action"), {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { accept: "text/plain" },
        credentials: "same-origin",
      });
      if (response.status === 401) return location.assign("/login");
      status.textContent = await response.text();
    } catch {
      status.textContent = "The relay does not answer. Try again.";
    }
    button.removeAttribute("aria-disabled");
    await renew();
  });

  tellTimes();
  setInterval(tellTimes, 1000);
  document.addEventListener("visibilitychange", renew);
  (async () => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
      await renew();
    }
  })();
})();
`;
