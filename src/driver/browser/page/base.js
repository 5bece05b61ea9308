// What everything else stands on: the page's own functions, taken before a page may change them,
// lists without the methods that pages replace, and what is thrown when an answer is known early.

const {
  AbortSignal, JSON, Map, Math, MutationObserver, Number, Object, Set, String, URL, WeakMap,
  WeakRef, WeakSet,
} = globalThis;
const apply = Reflect.apply;
const sourceOf = Function.prototype.toString;
const isNative = (f) => typeof f === 'function' && apply(sourceOf, f, []).includes('[native code]');
// The engine's own promise, whatever the page calls `Promise`.
const NativePromise = (async () => {})().constructor;
const getStyle = window.getComputedStyle;
const timerSet = window.setTimeout;
const timerClear = window.clearTimeout;
const frameAsk = window.requestAnimationFrame;
const frameDrop = window.cancelAnimationFrame;
const timersWork = isNative(timerSet) && isNative(timerClear);
const framesWork = isNative(frameAsk) && isNative(frameDrop);

const clock = performance;
const clockNow = Performance.prototype.now;
const now = () => apply(clockNow, clock, []);

// Calls back after some milliseconds, also where the page stands in for timers.
const after = (delay, f) => {
  if (timersWork) {
    const id = apply(timerSet, window, [f, delay]);
    return () => apply(timerClear, window, [id]);
  }
  let live = true;
  const signal = AbortSignal.timeout(Math.max(0, Math.ceil(delay)));
  signal.onabort = () => { if (live) f(); };
  return () => { live = false; signal.onabort = null; };
};

// Calls back in the next frame, or soon where the page stands in for frames.
const nextFrame = (f) => {
  if (!framesWork) return after(16, f);
  const id = apply(frameAsk, window, [f]);
  return () => apply(frameDrop, window, [id]);
};

// ---- Properties of nodes, read past anything that a page or a form's fields put in their way.

const describeProperty = (type, name) => {
  for (let p = type && type.prototype; p; p = Object.getPrototypeOf(p)) {
    const found = Object.getOwnPropertyDescriptor(p, name);
    if (found) return found;
  }
  return undefined;
};
const reader = (type, name) => {
  const get = (describeProperty(type, name) || {}).get;
  return get ? (node) => apply(get, node, []) : () => undefined;
};
const writer = (type, name) => {
  const set = (describeProperty(type, name) || {}).set;
  return (node, value) => apply(set, node, [value]);
};
const method = (type, name) => {
  const f = (describeProperty(type, name) || {}).value;
  return typeof f === 'function' ? (node, ...rest) => apply(f, node, rest) : undefined;
};

const nodeType = reader(Node, 'nodeType');
const parentOf = reader(Node, 'parentNode');
const firstChild = reader(Node, 'firstChild');
const nextSibling = reader(Node, 'nextSibling');
const documentOf = reader(Node, 'ownerDocument');
const isConnected = reader(Node, 'isConnected');
const rawText = reader(Node, 'textContent');
const rootOf = method(Node, 'getRootNode');
const localName = reader(Element, 'localName');
const namespaceOf = reader(Element, 'namespaceURI');
const shadowOf = reader(Element, 'shadowRoot');
const elementSlot = reader(Element, 'assignedSlot');
const textSlot = reader(Text, 'assignedSlot');
const hostOf = reader(ShadowRoot, 'host');
const assignedTo = method(HTMLSlotElement, 'assignedNodes');
const attribute = method(Element, 'getAttribute');
const hasAttribute = method(Element, 'hasAttribute');
const matchesCss = method(Element, 'matches');
const boxOf = method(Element, 'getBoundingClientRect');
const boxesOf = method(Element, 'getClientRects');
const scrollTo = method(Element, 'scrollIntoView');
const scrollPart = method(Element, 'scrollBy');
const isShownNatively = method(Element, 'checkVisibility');
const focusOn = method(HTMLElement, 'focus');
const send = method(EventTarget, 'dispatchEvent');
const listen = method(EventTarget, 'addEventListener');
const unlisten = method(EventTarget, 'removeEventListener');
const byElement = method(Element, 'querySelectorAll');
const byDocument = method(Document, 'querySelectorAll');
const byFragment = method(DocumentFragment, 'querySelectorAll');
const queryAll = (root, css) => {
  const type = nodeType(root);
  return type === 1 ? byElement(root, css) : type === 9 ? byDocument(root, css)
    : byFragment(root, css);
};
const byIdInDocument = method(Document, 'getElementById');
const byIdInFragment = method(DocumentFragment, 'getElementById');
const viewOf = reader(Document, 'defaultView');
const documentRoot = reader(Document, 'documentElement');
const documentBody = reader(Document, 'body');
const activeInDocument = reader(Document, 'activeElement');
const activeInShadow = reader(ShadowRoot, 'activeElement');
const pointInDocument = method(Document, 'elementFromPoint');
const pointInShadow = method(ShadowRoot, 'elementFromPoint');
const frameDocument = reader(HTMLIFrameElement, 'contentDocument');
const oldFrameDocument = reader(HTMLFrameElement, 'contentDocument');
const frameOfWindow = (view) => { try { return view.frameElement; } catch { return null; } };
const inputType = reader(HTMLInputElement, 'type');
const inputValue = reader(HTMLInputElement, 'value');
const inputChecked = reader(HTMLInputElement, 'checked');
const inputMixed = reader(HTMLInputElement, 'indeterminate');
const areaValue = reader(HTMLTextAreaElement, 'value');
const selectValue = reader(HTMLSelectElement, 'value');
const selectMultiple = reader(HTMLSelectElement, 'multiple');
const selectSize = reader(HTMLSelectElement, 'size');
const optionSelected = reader(HTMLOptionElement, 'selected');
const optionText = reader(HTMLOptionElement, 'label');
const optionValue = reader(HTMLOptionElement, 'value');
const labelControl = reader(HTMLLabelElement, 'control');
const tabIndexOf = reader(HTMLElement, 'tabIndex');
const isEditableText = reader(HTMLElement, 'isContentEditable');

const HTML = 'http://www.w3.org/1999/xhtml';
const SVG = 'http://www.w3.org/2000/svg';

const isElement = (node) => nodeType(node) === 1;
const isHtml = (el) => namespaceOf(el) === HTML;
// The tag of an HTML element; `svg:path` and the like for others.
const tagOf = (el) => {
  const space = namespaceOf(el);
  return space === HTML ? localName(el) : (space === SVG ? 'svg:' : 'xml:') + localName(el);
};
const isTag = (el, name) => localName(el) === name && namespaceOf(el) === HTML;
const isTextArea = (el) => isTag(el, 'textarea');
const isInput = (el) => isTag(el, 'input');
const isSelect = (el) => isTag(el, 'select');
const byId = (root, id) => (nodeType(root) === 9 ? byIdInDocument(root, id)
  : nodeType(root) === 11 ? byIdInFragment(root, id) : null);

// ---- Lists.

const push = (list, item) => {
  Object.defineProperty(list, list.length, {
    value: item, writable: true, enumerable: true, configurable: true,
  });
  return list;
};
const map = (list, f) => {
  const out = [];
  for (let i = 0; i < list.length; i++) push(out, f(list[i], i));
  return out;
};
const filter = (list, f) => {
  const out = [];
  for (let i = 0; i < list.length; i++) if (f(list[i], i)) push(out, list[i]);
  return out;
};
const find = (list, f) => {
  for (let i = 0; i < list.length; i++) if (f(list[i], i)) return list[i];
  return undefined;
};
const some = (list, f) => {
  for (let i = 0; i < list.length; i++) if (f(list[i], i)) return true;
  return false;
};
const every = (list, f) => !some(list, (item, i) => !f(item, i));
const has = (list, item) => some(list, (other) => other === item);
const append = (list, more) => {
  for (let i = 0; i < more.length; i++) push(list, more[i]);
  return list;
};
const join = (list, by) => {
  let out = '';
  for (let i = 0; i < list.length; i++) out += (i ? by : '') + list[i];
  return out;
};
const first = (list, count) => filter(list, (_, i) => i < count);
const without = (list, i) => filter(list, (_, j) => j !== i);
const isList = Array.isArray;
const keysOf = Object.keys;
const parseJson = JSON.parse;
const isMap = (value) => typeof value === 'object' && value !== null && !isList(value);
const own = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
const words = (...names) => {
  const set = Object.create(null);
  for (let i = 0; i < names.length; i++) {
    const split = names[i].split(' ');
    for (let j = 0; j < split.length; j++) if (split[j]) set[split[j]] = true;
  }
  return set;
};
// Best first; stable. Pages replace `sort`.
const sorted = (list, key) => {
  const keyed = map(list, (item) => ({ item, key: key(item) }));
  for (let i = 1; i < keyed.length; i++) {
    const moving = keyed[i];
    let j = i - 1;
    for (; j >= 0 && keyed[j].key < moving.key; j--) keyed[j + 1] = keyed[j];
    keyed[j + 1] = moving;
  }
  return map(keyed, (k) => k.item);
};

// JSON text, whatever the page thinks of `JSON` and `toJSON`.
const written = (value) => {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return writtenText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  if (typeof value === 'boolean') return String(value);
  if (isList(value)) return '[' + join(map(value, written), ',') + ']';
  const keys = filter(keysOf(value), (key) => value[key] !== undefined);
  return '{' + join(map(keys, (key) => writtenText(key) + ':' + written(value[key])), ',') + '}';
};
const SHORT = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' };
const writtenText = (text) => '"' + text.replace(/["\\\u0000-\u001f\u2028\u2029\ud800-\udfff]/g,
  (c, at) => (own(SHORT, c) ? SHORT[c] : isPaired(text, at) ? c
    : '\\u' + ('000' + c.charCodeAt(0).toString(16)).slice(-4))) + '"';
// Whether half a character stands beside its other half.
const isPaired = (text, at) => /[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(at, at + 2))
  || (at > 0 && /[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(at - 1, at + 1)));

// White space folded, as people read.
const fold = (text) => String(text == null ? '' : text)
  .replace(/[\u200b\u00ad\ufeff]/g, '').replace(/\s+/g, ' ').trim();
const brief = (text, most = 80) => {
  const folded = fold(text);
  return folded.length > most ? folded.slice(0, most - 1) + '…' : folded;
};
const quote = (text) => '"' + brief(text).replace(/\\/g, '\\\\').replace(/"/g, '\\"') + '"';
const plural = (count, one) => count + ' ' + one + (count === 1 ? '' : 's');

// ---- What ends a look early.

// A reason that is known: `why` of an answer. `final` ones do not change by waiting.
class Stop {
  constructor(kind, message, more, final) {
    this.why = { kind, message, ...more };
    this.final = final === true;
  }
}
const badLocator = (message) => new Stop('bad-locator', message, {}, true);

// What is asked lies in a frame of another origin: which one, and what is asked there.
class Cross {
  constructor(frame, rest, plain) { this.frame = frame; this.rest = rest; this.plain = plain; }
}

// ---- What was found out in one look, kept until it ends.

let memo = null;
const emptyMemo = () => ({
  styles: new Map(), hidden: new Map(), roles: new Map(), names: new Map(), texts: new Map(),
  elements: new Map(), owners: new Map(), cut: new Map(),
  shadows: new Map(), buttons: new Map(), labels: new Map(),
});
// One synchronous look at the page: nothing changes while it lasts.
const look = (f) => {
  if (memo) return f();
  memo = emptyMemo();
  try { return f(); } finally { memo = null; }
};
const remembered = (kind, key, f) => {
  if (!memo) return f();
  const kept = memo[kind];
  if (kept.has(key)) return kept.get(key);
  const value = f();
  kept.set(key, value);
  return value;
};

const computed = (el, pseudo) => {
  const doc = documentOf(el);
  const view = doc === document ? window : viewOf(doc);
  if (!view) return null;
  return doc === document ? apply(getStyle, window, [el, pseudo])
    : view.getComputedStyle(el, pseudo);
};
const styleOf = (el) => remembered('styles', el, () => computed(el));
