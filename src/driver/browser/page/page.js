// The page as a whole: storage, pictures, vitals, messages.

// ---- Storage.

const storageKey = method(Storage, 'key');
const storageGet = method(Storage, 'getItem');
const storageSet = method(Storage, 'setItem');
const storageClear = method(Storage, 'clear');
const storageLength = reader(Storage, 'length');
const storageOf = (name) => { try { return window[name]; } catch { return null; } };
const entriesOf = (area) => {
  const out = {};
  if (!area) return out;
  for (let i = 0; i < storageLength(area); i++) {
    const key = storageKey(area, i);
    Object.defineProperty(out, key, {
      value: storageGet(area, key), enumerable: true, writable: true, configurable: true,
    });
  }
  return out;
};
const storage = () => ({
  origin: window.origin === undefined ? window.location.origin : window.origin,
  local: entriesOf(storageOf('localStorage')), session: entriesOf(storageOf('sessionStorage')),
});
const restore = (state) => {
  const areas = { local: 'localStorage', session: 'sessionStorage' };
  const names = keysOf(areas);
  for (let i = 0; i < names.length; i++) {
    const area = storageOf(areas[names[i]]);
    const wanted = state[names[i]] || {};
    const keys = keysOf(wanted);
    if (!area) {
      if (!keys.length) continue;
      throw new Stop('bad-locator', 'this page has no ' + areas[names[i]], {}, true);
    }
    storageClear(area);
    for (let j = 0; j < keys.length; j++) storageSet(area, keys[j], String(wanted[keys[j]]));
  }
  return { ok: true };
};

// ---- Pictures.

let paint = null;
const mask = (argument) => look(() => {
  unmask();
  const locators = argument.locators || [];
  const host = document.createElement('div');
  const style = (el, text) => { el.style.cssText = text; };
  style(host, 'all:initial;position:absolute;inset:auto;left:0;top:0;width:0;height:0;margin:0;'
    + 'padding:0;border:0;background:none;overflow:visible;z-index:2147483647;'
    + 'pointer-events:none');
  const inside = host.attachShadow({ mode: 'closed' });
  const boxes = [];
  for (let i = 0; i < locators.length; i++) {
    const found = allOf({ ...argument, locator: locators[i] });
    append(boxes, map(filter(found, isVisible), boxInWindow));
  }
  documentRoot(document).appendChild(host);
  paint = host;
  // Above dialogs as well, where the engine can.
  if (typeof host.showPopover === 'function') {
    host.popover = 'manual';
    try { host.showPopover(); } catch { /* the document is not shown */ }
  }
  const origin = boxOf(host);
  for (let i = 0; i < boxes.length; i++) {
    const box = boxes[i];
    const cover = document.createElement('div');
    style(cover, 'position:absolute;background:#ff00ff;left:' + (box.left - origin.left)
      + 'px;top:' + (box.top - origin.top) + 'px;width:' + box.width + 'px;height:' + box.height
      + 'px');
    inside.appendChild(cover);
  }
  return { ok: true };
});
const unmask = () => {
  if (paint) paint.remove();
  paint = null;
  return { ok: true };
};

let frozen = null;
const freeze = () => {
  if (frozen) return { ok: true };
  frozen = { paused: [], caret: null };
  const all = typeof document.getAnimations === 'function' ? document.getAnimations() : [];
  for (let i = 0; i < all.length; i++) {
    const animation = all[i];
    if (animation.playState !== 'running') continue;
    const timing = animation.effect && animation.effect.getComputedTiming();
    try {
      // What ends is shown as it ends, what does not as it begins.
      if (timing && timing.endTime !== Infinity) animation.finish();
      else {
        push(frozen.paused, { animation, time: animation.currentTime });
        animation.pause();
        animation.currentTime = 0;
      }
    } catch { /* it has no timeline any more */ }
  }
  const el = focused(document);
  if (el && el.style) {
    frozen.caret = { el, value: el.style.getPropertyValue('caret-color'),
      priority: el.style.getPropertyPriority('caret-color'), had: hasAttribute(el, 'style') };
    el.style.setProperty('caret-color', 'transparent', 'important');
  }
  return { ok: true };
};
const thaw = () => {
  if (!frozen) return { ok: true };
  for (let i = 0; i < frozen.paused.length; i++) {
    const p = frozen.paused[i];
    try {
      p.animation.currentTime = p.time;
      p.animation.play();
    } catch { /* its element is gone */ }
  }
  const caret = frozen.caret;
  if (caret) {
    caret.el.style.removeProperty('caret-color');
    if (caret.value) caret.el.style.setProperty('caret-color', caret.value, caret.priority);
    if (!caret.had && attribute(caret.el, 'style') === '') caret.el.removeAttribute('style');
  }
  frozen = null;
  return { ok: true };
};

// ---- Vitals: listened to from the start of the document.

const vital = { fcp: null, lcp: null, windows: [], interactions: new Map(), observers: [] };
const onPaint = (entry) => {
  if (entry.name === 'first-contentful-paint') vital.fcp = entry.startTime;
};
const onLargest = (entry) => { vital.lcp = entry.renderTime || entry.loadTime || entry.startTime; };
// Shifts of layout come in windows: less than a second apart, five seconds at most.
const onShift = (entry) => {
  if (entry.hadRecentInput) return;
  const last = vital.windows[vital.windows.length - 1];
  if (last && entry.startTime - last.end < 1000 && entry.startTime - last.begin < 5000) {
    last.sum += entry.value;
    last.end = entry.startTime;
  } else {
    push(vital.windows, { begin: entry.startTime, end: entry.startTime, sum: entry.value });
  }
};
const onEvent = (entry) => {
  const id = entry.interactionId;
  if (!id) return;
  const before = vital.interactions.get(id) || 0;
  vital.interactions.set(id, Math.max(before, entry.duration));
};
const VITALS = {
  paint: onPaint, 'largest-contentful-paint': onLargest, 'layout-shift': onShift, event: onEvent,
  'first-input': onEvent,
};
const watchVitals = () => {
  if (typeof PerformanceObserver !== 'function') return;
  const kinds = PerformanceObserver.supportedEntryTypes || [];
  const names = keysOf(VITALS);
  for (let i = 0; i < names.length; i++) {
    if (!has(kinds, names[i])) continue;
    const take = (list) => {
      for (let j = 0; j < list.length; j++) VITALS[names[i]](list[j]);
    };
    const watcher = new PerformanceObserver((list) => take(list.getEntries()));
    const options = { type: names[i], buffered: true };
    if (names[i] === 'event') options.durationThreshold = 16;
    try { watcher.observe(options); } catch { continue; }
    push(vital.observers, { watcher, take });
  }
};
const vitals = () => {
  for (let i = 0; i < vital.observers.length; i++) {
    vital.observers[i].take(vital.observers[i].watcher.takeRecords());
  }
  const timing = performance.getEntriesByType('navigation')[0];
  const at = (name) => (timing && timing[name] > 0 ? timing[name] : null);
  // An answer may begin within the first tick of a coarse clock.
  const ttfb = at('responseStart') === null && at('domContentLoadedEventEnd') !== null ? 0
    : at('responseStart');
  const kinds = (typeof PerformanceObserver === 'function'
    && PerformanceObserver.supportedEntryTypes) || [];
  let cls = has(kinds, 'layout-shift') ? 0 : null;
  for (let i = 0; i < vital.windows.length; i++) cls = Math.max(cls, vital.windows[i].sum);
  const slow = [];
  vital.interactions.forEach((duration) => push(slow, duration));
  // The slowest; of many, one in fifty is forgiven.
  const worst = sorted(slow, (duration) => duration)[Math.floor(slow.length / 50)];
  return {
    url: window.location.href, began: performance.timeOrigin, ttfb,
    fcp: vital.fcp, lcp: vital.lcp, cls,
    inp: worst === undefined ? null : worst, dom: at('domContentLoadedEventEnd'),
    load: at('loadEventEnd'),
  };
};
watchVitals();

// ---- Messages: what `CONSOLE` has kept since the last call.

const messages = () => {
  const kept_ = window[Symbol.for('taster.messages')];
  if (!kept_ || !isList(kept_)) return [];
  const out = append([], kept_);
  kept_.length = 0;
  return out;
};
