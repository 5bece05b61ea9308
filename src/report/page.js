// Makes the charts of a page zoom and tell values, and its commands be copied. The page is whole
// without it: everything is read from the page's own SVGs, and nothing is fetched.
(() => {
  "use strict";
  const SIZE = 1000;
  const make = (name, className, text) => {
    const element = document.createElement(name);
    element.className = className;
    if (text) element.textContent = text;
    return element;
  };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const trimmed = (value, digits) => String(Number(value.toFixed(digits)));
  const three = value => trimmed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);

  const duration = us => {
    if (us < 999.5) return Math.round(us) + " µs";
    if (us < 999500) return three(us / 1e3) + " ms";
    if (us < 59950000) return three(us / 1e6) + " s";
    return trimmed(us / 6e7, 1) + " min";
  };
  const moment = at => {
    const [whole, rest] = [Math.floor(at), at % 1];
    if (at < 120) return trimmed(at, rest ? 2 : 0) + " s";
    const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    const two = number => String(number).padStart(2, "0");
    return hours ? `${hours} h ${two(minutes)}` : `${minutes}:${two(seconds)}`;
  };
  const SHOW = {
    time: moment,
    quantile: at => at <= 0 ? "min" : "p" + trimmed(100 - 10 ** (2 - at), 4),
    latency: at => at <= 0 ? "≤ 1 µs" : duration(10 ** at),
    count: at => at >= 1000 ? Math.round(at).toLocaleString("en") : trimmed(at, 1),
    percent: at => trimmed(at, at < 1 ? 3 : 1) + "%",
    change: at => (at > 0 ? "+" : at < 0 ? "" : "±") + trimmed(at, 1) + "%",
  };

  // Round places along an axis, in its own numbers.
  const round = (from, to, most) => {
    const raw = (to - from) / most;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find(lead => raw <= lead * power * 1.000001);
    const places = [];
    for (let at = Math.ceil(from / step - 1e-9); at * step <= to * (1 + 1e-12) + 1e-9; at++) places.push(at * step);
    return places;
  };
  const within = (all, from, to) => all.filter(at => at >= from - 1e-9 && at <= to + 1e-9);
  const NINES = [0, .5, .75, .9, .95, .975, .99, .995, .9975, .999, .9995, .9999].map(q => -Math.log10(1 - q));
  const ticks = ({ scale, from, to }) => {
    if (scale === "time") {
      const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400];
      const step = steps.find(step => (to - from) / step <= 7) || (to - from) / 7;
      const places = [];
      for (let at = Math.ceil(from / step - 1e-9) * step; at <= to + 1e-9; at += step) places.push(at);
      return places.length > 1 ? places : round(from, to, 4);
    }
    if (scale === "quantile") {
      const nines = within(NINES, from, to);
      return nines.length > 1 ? nines : [from, (from + to) / 2, to];
    }
    if (scale === "latency") {
      const leads = [];
      for (let power = -1; power < 12; power++) for (const lead of [1, 2, 5]) leads.push(Math.log10(lead) + power);
      const known = within(leads, from, to);
      if (known.length > 7) return known.filter(at => Math.abs(at - Math.round(at)) < 1e-9);
      return known.length > 2 ? known : round(10 ** from, 10 ** to, 4).map(Math.log10);
    }
    return round(from, to, 4);
  };

  class Chart {
    constructor(plot) {
      this.plot = plot;
      this.svg = plot.querySelector("svg");
      const axis = text => {
        const [scale, from, to] = text.split(" ");
        return { scale, from: Number(from), to: Number(to) };
      };
      this.whole = { x: axis(plot.dataset.x), y: axis(plot.dataset.y) };
      this.home = { xs: [...plot.querySelector(".xs").children], ys: [...plot.querySelector(".ys").children] };
      this.lines = [...this.svg.querySelectorAll(".line")].filter(line => line.dataset.name).map(line => ({
        name: line.dataset.name,
        colour: line.classList[1],
        points: line.getAttribute("points").split(" ").map(pair => {
          const [across, down] = pair.split(",").map(Number);
          const { x, y } = this.whole;
          return [x.from + across / SIZE * (x.to - x.from), y.from + (1 - down / SIZE) * (y.to - y.from)];
        }),
      }));
      this.places = [...new Set(this.lines.flatMap(line => line.points.map(point => point[0])))].sort((a, b) => a - b);
      this.peers = [this];
      this.view = this.whole;
      this.marker = make("div", "marker");
      this.chosen = make("div", "chosen");
      this.reading = make("div", "reading");
      this.reset = make("button", "reset", "Show all");
      this.reset.type = "button";
      this.reset.hidden = true;
      this.reset.onclick = () => this.zoomAll(null);
      this.said = make("p", "said");
      this.said.setAttribute("role", "status");
      for (const part of [this.marker, this.chosen, this.reading]) part.hidden = true;
      plot.append(this.marker, this.chosen, this.reading, this.reset, this.said);
      this.listen();
    }

    listen() {
      const { plot } = this;
      plot.tabIndex = 0;
      plot.setAttribute("role", "group");
      plot.setAttribute("aria-label", this.svg.getAttribute("aria-label").split(":")[0] +
        ": left and right read values, plus and minus zoom, Escape shows all");
      plot.classList.add("live");
      let pressed = null;
      plot.addEventListener("pointerdown", event => {
        if (event.button || event.target === this.reset) return;
        pressed = this.share(event);
        plot.setPointerCapture(event.pointerId);
      });
      plot.addEventListener("pointermove", event => {
        const share = this.share(event);
        this.readAll(this.nearest(share));
        if (pressed === null) return;
        this.chosen.hidden = Math.abs(share - pressed) < .01;
        this.chosen.style.left = Math.min(share, pressed) * 100 + "%";
        this.chosen.style.width = Math.abs(share - pressed) * 100 + "%";
      });
      plot.addEventListener("pointerup", event => {
        const [from, to] = [pressed, this.share(event)].sort((a, b) => a - b);
        const dragged = pressed !== null && to - from >= .02;
        pressed = null;
        this.chosen.hidden = true;
        if (dragged) this.zoomAll([this.value(from), this.value(to)]);
      });
      plot.addEventListener("pointercancel", () => { pressed = null; this.chosen.hidden = true; });
      plot.addEventListener("pointerleave", () => { if (pressed === null) this.readAll(null); });
      plot.addEventListener("dblclick", () => this.zoomAll(null));
      plot.addEventListener("blur", () => this.readAll(null));
      plot.addEventListener("keydown", event => this.key(event));
    }

    key(event) {
      const { from, to } = this.view.x;
      const places = within(this.places, from, to);
      const at = places.indexOf(this.at);
      const middle = this.at === undefined || this.at === null ? (from + to) / 2 : this.at;
      const half = (to - from) / 2;
      const around = half => {
        const { from, to } = this.whole.x;
        const left = clamp(middle - half, from, to - 2 * half);
        this.zoomAll(2 * half >= to - from ? null : [left, left + 2 * half]);
      };
      const keys = {
        ArrowLeft: () => this.readAll(places[at < 0 ? places.length - 1 : Math.max(at - 1, 0)], true),
        ArrowRight: () => this.readAll(places[at < 0 ? 0 : Math.min(at + 1, places.length - 1)], true),
        Home: () => this.readAll(places[0], true),
        End: () => this.readAll(places[places.length - 1], true),
        "+": () => around(half / 2),
        "=": () => around(half / 2),
        "-": () => around(half * 2),
        Escape: () => this.zoomAll(null),
      };
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey || event.target !== this.plot) return;
      event.preventDefault();
      keys[event.key]();
    }

    share(event) {
      const box = this.svg.getBoundingClientRect();
      return clamp((event.clientX - box.left) / box.width, 0, 1);
    }

    value(share) {
      return this.view.x.from + share * (this.view.x.to - this.view.x.from);
    }

    nearest(share) {
      const wanted = this.value(share);
      const off = at => Math.abs(at - wanted);
      return within(this.places, this.view.x.from, this.view.x.to)
        .reduce((best, at) => best === null || off(at) < off(best) ? at : best, null);
    }

    // Charts along the same time read and zoom together.
    readAll(at, aloud) {
      this.peers.forEach(peer => peer.read(at, aloud && peer === this));
    }

    zoomAll(span) {
      this.peers.forEach(peer => peer.zoom(span));
    }

    read(at, aloud) {
      const { x } = this.view;
      this.at = at;
      const none = at === null || at === undefined || at < x.from || at > x.to;
      this.marker.hidden = this.reading.hidden = none;
      if (none) return;
      const share = (at - x.from) / (x.to - x.from);
      const rows = this.lines
        .map(line => ({ ...line, point: line.points.find(point => Math.abs(point[0] - at) < 1e-6) }))
        .filter(line => line.point);
      this.marker.style.left = share * 100 + "%";
      const place = SHOW[x.scale](at);
      const told = rows.map(row => [row, `${row.name} ${SHOW[this.view.y.scale](row.point[1])}`]);
      this.reading.replaceChildren(make("b", "", place), ...told.map(([row, text]) => make("span", row.colour, text)));
      this.reading.classList.toggle("before", share > .5);
      this.reading.style.left = share > .5 ? "auto" : share * 100 + "%";
      this.reading.style.right = share > .5 ? (1 - share) * 100 + "%" : "auto";
      if (aloud) this.said.textContent = [place, ...told.map(([, text]) => text)].join(", ");
    }

    zoom(span) {
      const { x, y } = this.whole;
      const least = (x.to - x.from) / 1000;
      this.reset.hidden = !span;
      if (!span || span[1] - span[0] < least) {
        if (span) return;
        this.view = this.whole;
      } else {
        const [from, to] = span;
        this.view = { x: { ...x, from, to }, y: { ...y, ...this.heights(from, to) } };
      }
      this.draw();
      this.read(null);
    }

    // The heights to be seen between two places: with what lies just outside, for lines lead there.
    heights(from, to) {
      const { y } = this.whole;
      const seen = [];
      for (const { points } of this.lines) {
        points.forEach((point, at) => {
          const [left, right] = [points[Math.max(at - 1, 0)], points[Math.min(at + 1, points.length - 1)]];
          if (right[0] >= from && left[0] <= to) seen.push(point[1]);
        });
      }
      if (!seen.length) return { from: y.from, to: y.to };
      const grounded = y.scale === "count" || y.scale === "percent";
      const low = grounded ? 0 : Math.min(...seen);
      const high = Math.max(...seen);
      const air = Math.max((high - low) * .06, (y.to - y.from) * .005);
      return { from: grounded ? 0 : Math.max(low - air, y.from), to: Math.min(high + air, y.to) };
    }

    draw() {
      const { x, y } = this.view;
      const across = at => (at - this.whole.x.from) / (this.whole.x.to - this.whole.x.from) * SIZE;
      const down = at => (1 - (at - this.whole.y.from) / (this.whole.y.to - this.whole.y.from)) * SIZE;
      this.svg.setAttribute("viewBox", [across(x.from), down(y.to), across(x.to) - across(x.from), down(y.from) - down(y.to)].join(" "));
      const put = (className, side, axis, share, home) => {
        const list = this.plot.querySelector("." + className);
        list.replaceChildren(...this.view === this.whole ? home : ticks(axis).map(at => {
          const tick = make("span", "");
          tick.style[side] = share(at) * 100 + "%";
          tick.append(make("b", "", SHOW[axis.scale](at)));
          return tick;
        }));
      };
      put("xs", "left", x, at => (at - x.from) / (x.to - x.from), this.home.xs);
      put("ys", "top", y, at => 1 - (at - y.from) / (y.to - y.from), this.home.ys);
    }
  }

  const charts = [...document.querySelectorAll(".plot")].map(plot => new Chart(plot));
  const timed = charts.filter(chart => chart.whole.x.scale === "time");
  timed.forEach(chart => { chart.peers = timed; });

  const copied = async (text, source) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection().selectAllChildren(source);
      document.execCommand("copy");
      getSelection().removeAllRanges();
    }
  };
  for (const source of document.querySelectorAll("pre[data-copy]")) {
    const button = make("button", "copy", "Copy");
    button.type = "button";
    button.setAttribute("aria-label", "Copy " + source.dataset.copy);
    button.onclick = async () => {
      await copied(source.textContent, source);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    };
    source.before(button);
  }

  // A link to what is folded away opens it, and paper has nothing folded.
  const unfold = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    for (let at = id && document.getElementById(id); at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
  };
  addEventListener("hashchange", unfold);
  unfold();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open]):not(.numbers)")];
    folded.forEach(one => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach(one => { one.open = false; }));
})();
