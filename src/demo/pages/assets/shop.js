// The parts of a page that change without a reload: opinions, the cart, the health of the service.
"use strict";
(() => {
  const { byId, say, call, renew, attempt } = window.larder;

  const badge = (pieces) => {
    if ("staleBadge" in document.body.dataset) return;
    byId("badge").textContent = pieces;
    byId("badge").parentNode.setAttribute("aria-label", `Cart, ${pieces} ${pieces === 1 ? "item" : "items"}`);
  };
  const piecesOf = (cart) => cart.items.reduce((sum, item) => sum + item.quantity, 0);

  const opine = (form, button) => attempt(form, async () => {
    const liked = button.value === "true";
    const { feedback, name } = form.dataset;
    if (!("lost" in form.dataset)) {
      await call("POST", `/api/v1/recommendations/${feedback}/feedback`, { liked });
      await renew(location.href, ["list"]);
    }
    say(liked ? `You like ${name}.` : `You will not see ${name} again.`);
    // The button that had the keyboard is gone; its successor gets it.
    const again = document.querySelector(`[data-feedback="${feedback}"] button[value="${button.value}"]`);
    (again || byId("content")).focus();
  });

  const add = (form) => attempt(form, async () => {
    const quantity = Number(form.elements.quantity.value);
    const cart = await call("POST", "/api/v1/cart/items", { productId: form.elements.productId.value, quantity });
    badge(piecesOf(cart));
    say(`${quantity} × ${form.dataset.name} is in your cart.`);
  });

  const setQuantity = (form) => attempt(form, async () => {
    const quantity = Number(form.elements.quantity.value);
    const cart = await call("PATCH", `/api/v1/cart/items/${form.dataset.quantity}`, { quantity });
    await renew("/cart", ["cart"]);
    badge(piecesOf(cart));
    say(`There are ${quantity} × ${form.dataset.name} in your cart now.`);
  });

  const remove = (form) => attempt(form, async () => {
    await call("DELETE", `/api/v1/cart/items/${form.dataset.remove}`);
    await renew("/cart", ["cart"]);
    badge(piecesOf(await call("GET", "/api/v1/cart")));
    say(`${form.dataset.name} is out of your cart.`);
    byId("content").focus();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const { feedback, quantity, remove: item } = form.dataset;
    const work = feedback ? () => opine(form, event.submitter)
      : "addToCart" in form.dataset ? () => add(form)
      : quantity ? () => setQuantity(form)
      : item ? () => remove(form)
      : null;
    if (work) {
      event.preventDefault();
      work();
    }
  });

  const examine = (button) => attempt(button, async () => {
    const status = document.querySelector('[data-testid="health-status"]');
    status.textContent = "unknown";
    const health = await call("GET", button.dataset.refresh);
    status.textContent = health.status;
    document.querySelector('[data-health="uptime"]').textContent = health.uptime.toFixed(1);
    document.querySelector('[data-health="database"]').textContent = health.database.status;
    say("Checked just now: all is well.");
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.refresh) examine(button);
    if ("compact" in button.dataset) compact(button.getAttribute("aria-pressed") !== "true");
  });

  const compact = (is) => {
    localStorage.setItem("compact", is ? "yes" : "no");
    showCompact();
  };
  const showCompact = () => {
    const button = document.querySelector("[data-compact]");
    const is = localStorage.getItem("compact") === "yes";
    document.documentElement.classList.toggle("compact", is);
    if (button) button.setAttribute("aria-pressed", String(is));
  };
  document.addEventListener("DOMContentLoaded", showCompact);

  // The shares of a meal's energy, in a shadow tree of their own.
  class EnergyShares extends HTMLElement {
    connectedCallback() {
      const [protein, fat, carbs] = this.dataset.shares.split(",").map(Number);
      const root = this.shadowRoot || this.attachShadow({ mode: "open" });
      const button = document.createElement("button");
      button.textContent = "Show energy shares";
      button.setAttribute("aria-expanded", "false");
      const text = document.createElement("p");
      text.textContent = `Protein ${protein} %, fat ${fat} %, carbohydrates ${carbs} %`;
      text.hidden = true;
      button.addEventListener("click", () => {
        text.hidden = !text.hidden;
        button.setAttribute("aria-expanded", String(!text.hidden));
        button.textContent = text.hidden ? "Show energy shares" : "Hide energy shares";
      });
      root.replaceChildren(button, text);
    }
  }
  customElements.define("energy-shares", EnergyShares);
})();
