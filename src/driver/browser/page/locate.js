// Locators: which elements a user means.

const KINDS = words('role label text placeholder alt title test-id css xpath');
const FILTERS = words(
  'name level checked expanded pressed selected disabled include-hidden exact in frame has',
  'has-not has-text has-not-text visible and or nth',
);
const ROLE_ONLY = words('name level checked expanded pressed selected disabled include-hidden');

// A test of texts: contained with upper and lower case alike, equal where `exact`, or a pattern.
const textTest = (wanted, exact, key) => {
  if (isMap(wanted) && own(wanted, 'matches')) {
    const pattern = regex(wanted.matches);
    return { fits: (text) => pattern.test(text), needle: null, said: 'matching ' + pattern };
  }
  if (isMap(wanted) || isList(wanted) || wanted === null || wanted === undefined) {
    throw badLocator(key + ' must be a text or { matches: pattern }');
  }
  const needle = fold(wanted);
  if (exact) {
    return { fits: (text) => text === needle, needle, said: quote(needle), plain: needle };
  }
  const small = needle.toLowerCase();
  return {
    fits: (text) => text.toLowerCase().includes(small), needle: small, said: quote(needle),
    plain: needle,
  };
};
const REGEX_CACHE = new Map();
// A regular expression as it is written in a scenario; a leading `(?i)` means what it does there.
const regex = (source) => {
  const text = String(source);
  if (!REGEX_CACHE.has(text)) {
    const flags = /^\(\?([ims]+)\)/.exec(text);
    const body = flags ? text.slice(flags[0].length) : text;
    let made;
    try { made = new RegExp(body, (flags ? flags[1] : '') + 'u'); } catch {
      try { made = new RegExp(body, flags ? flags[1] : ''); } catch (error) {
        throw badLocator('the pattern ' + quote(text) + ' cannot be read: ' + error.message);
      }
    }
    REGEX_CACHE.set(text, made);
  }
  return REGEX_CACHE.get(text);
};

// The locator as a map, checked.
const readLocator = (locator) => {
  if (typeof locator === 'string' || typeof locator === 'number') return { text: String(locator) };
  if (!isMap(locator)) throw badLocator('a locator is a text or a map such as { role: button }');
  if (own(locator, 'matches')) return { text: locator };
  const keys = keysOf(locator);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (!(key in KINDS) && !(key in FILTERS)) {
      throw badLocator('a locator has no key ' + quote(key) + '; it may have '
        + join(append(keysOf(KINDS), keysOf(FILTERS)), ', '));
    }
    if (key in ROLE_ONLY && !own(locator, 'role')) {
      throw badLocator(key + ' goes with role, such as { role: button, ' + key + ': ... }');
    }
  }
  if (!some(keys, (key) => key in KINDS || key === 'and' || key === 'or')) {
    throw badLocator('a locator needs one of ' + join(keysOf(KINDS), ', '));
  }
  if (own(locator, 'role') && !(String(locator.role) in ROLES)) {
    throw badLocator('there is no role ' + quote(locator.role) + alike(locator.role));
  }
  return locator;
};
const alike = (word) => {
  const best = sorted(keysOf(ROLES), (role) => similarity(role, String(word)))[0];
  return similarity(best, String(word)) > 0.5 ? '; did you mean ' + best + '?' : '';
};

// The elements that a locator means below a node, in the order of the document. `options` has
// `testId`, the attribute that test ids stand in.
const locate = (written, root, options) => {
  const locator = readLocator(written);
  let tops = [root];
  if (own(locator, 'in') && locator.in !== null) tops = locate(locator.in, root, options);
  let found = null;
  const keys = keysOf(locator);
  const kinds = sorted(filter(keys, (key) => key in KINDS), (key) => (key === 'text' ? 0 : 1));
  for (let i = 0; i < kinds.length; i++) {
    const here = FINDERS[kinds[i]];
    if (found === null) {
      found = [];
      for (let j = 0; j < tops.length; j++) append(found, here(locator, tops[j], options));
      if (tops.length > 1) found = inOrder(root, found);
    } else {
      found = here.keep ? here.keep(locator, found, options)
        : both(found, here(locator, root, options));
    }
  }
  found = combine(locator, found, root, tops, options);
  found = sieve(locator, found, root, options);
  if (own(locator, 'nth') && locator.nth !== null) {
    const n = Number(locator.nth);
    const one = found[n < 0 ? found.length + n : n];
    return one ? [one] : [];
  }
  return found;
};
const both = (a, b) => {
  const set = new Set();
  for (let i = 0; i < b.length; i++) set.add(b[i]);
  return filter(a, (el) => set.has(el));
};
const listOf = (value) => (isList(value) ? value : [value]);
const combine = (locator, start, root, tops, options) => {
  let found = start;
  const inside = (el) => tops[0] === root || some(tops, (top) => top !== el && isWithin(el, top));
  if (own(locator, 'and')) {
    const all = listOf(locator.and);
    for (let i = 0; i < all.length; i++) {
      const more = locate(all[i], root, options);
      found = found === null ? filter(more, inside) : both(found, more);
    }
  }
  if (own(locator, 'or')) {
    const all = listOf(locator.or);
    const out = append([], found || []);
    for (let i = 0; i < all.length; i++) {
      append(out, filter(locate(all[i], root, options), inside));
    }
    found = inOrder(root, out);
  }
  return found || [];
};
const sieve = (locator, start, root, options) => {
  let found = start;
  const keep = (key, f) => {
    if (own(locator, key) && locator[key] !== null) found = filter(found, f(locator[key]));
  };
  const holds = (inner) => (el) => locate(inner, el, options).length > 0;
  keep('has', holds);
  keep('has-not', (inner) => (el) => !holds(inner)(el));
  const texts = (wanted, key) => {
    const test = textTest(wanted, locator.exact === true, key);
    return (el) => test.fits(textOf(el));
  };
  keep('has-text', (wanted) => texts(wanted, 'has-text'));
  keep('has-not-text', (wanted) => {
    const test = texts(wanted, 'has-not-text');
    return (el) => !test(el);
  });
  keep('visible', (wanted) => (el) => isVisible(el) === (wanted === true || wanted === 'true'));
  return found;
};

// ---- One finder for each kind: (locator, below which node, options) -> elements.

const byAttribute = (name) => {
  const css = '[' + name + ']';
  return (locator, root) => {
    const test = textTest(locator[name], locator.exact === true, name);
    return filter(select(css, root), (el) => test.fits(fold(attribute(el, name))));
  };
};
const select = (css, root) => {
  const out = [];
  const roots = rootsBelow(root);
  for (let i = 0; i < roots.length; i++) append(out, queryAll(roots[i], css));
  return roots.length > 1 ? inOrder(root, out) : out;
};

const findRole = (locator, root) => {
  const wanted = roleWord(String(locator.role));
  const states = filter(keysOf(STATES), (key) => own(locator, key) && locator[key] !== null);
  const test = own(locator, 'name') && locator.name !== null
    ? textTest(locator.name, locator.exact === true, 'name') : null;
  return filter(candidates(wanted, root), (el) => {
    if (!isCalled(el, wanted)) return false;
    if (!every(states, (key) => stateIs(STATES[key](el), locator[key]))) return false;
    if (locator['include-hidden'] !== true && isHiddenForAria(el)) return false;
    return test === null || test.fits(nameOf(el));
  });
};
// What was said counts even where it does not belong, such as a tab in no tablist.
const isCalled = (el, wanted) => {
  const is = roleOf(el);
  return is === wanted || saidRole(el) === wanted
    || (wanted === 'image' && is === 'graphics-document')
    || (wanted === 'listitem' && is === 'generic' && isTag(el, 'li'));
};
// The elements that may have a role: those that say one, and the tags that may mean it. Engines
// find these far faster than a script that asks each element.
const candidates = (role, root) => {
  if (role === 'generic' || role === 'none') return everything(root);
  const tags = filter(keysOf(TAG_ROLES), (tag) => TAG_ROLES[tag] === role);
  if (own(MAY_BE, role)) append(tags, MAY_BE[role].split(' '));
  if (role === 'image') push(tags, 'svg:svg');
  push(tags, '[role]');
  return select(join(map(tags, (tag) => tag.replace(/^(svg|xml):/, '')), ','), root);
};
const stateIs = (is, wanted) => {
  if (wanted === false || wanted === 'false') return is === false || is === null;
  return String(is) === String(wanted);
};

const findText = (locator, root) => {
  const test = textTest(locator.text, locator.exact === true, 'text');
  const must = test.needle === null ? null : dense(test.needle).toLowerCase();
  const out = [];
  // Whether it, or something in it, holds the text; only the smallest are taken.
  const visit = (el) => {
    if (isSilent(el)) return false;
    const button = buttonText(el);
    if (button !== null) {
      const fits = test.fits(fold(button));
      if (fits) push(out, el);
      return fits;
    }
    const may = mayHold(el, must);
    const mark = out.length;
    let inside = false;
    if (may !== false || hasInputs(el)) {
      const children = elementChildren(el);
      for (let i = 0; i < children.length; i++) inside = visit(children[i]) || inside;
    }
    if (inside || may === false) return inside || out.length > mark;
    if (!test.fits(textOf(el))) return false;
    push(out, el);
    return true;
  };
  const tops = nodeType(root) === 1 ? elementChildren(root) : elementChildren(root);
  for (let i = 0; i < tops.length; i++) visit(tops[i]);
  return out.length > 1 ? inOrder(root, out) : out;
};
findText.keep = (locator, found) => {
  const test = textTest(locator.text, locator.exact === true, 'text');
  return filter(found, (el) => test.fits(textOf(el)));
};
// Quick: false where the letters are nowhere below; shadow trees are looked into.
const mayHold = (el, must) => {
  if (must === null) return true;
  if (shadowOf(el) || hasShadows(el)) return true;
  return dense(rawText(el)).toLowerCase().includes(must);
};
const hasShadows = (el) => remembered('shadows', documentOf(el), () => {
  const out = new Set();
  const all = everything(documentOf(el));
  for (let i = 0; i < all.length; i++) {
    if (!shadowOf(all[i])) continue;
    for (let n = all[i]; n && !out.has(n); n = above(n)) out.add(n);
  }
  return out;
}).has(el);
const hasInputs = (el) => remembered('buttons', documentOf(el), () => {
  const out = new Set();
  const css = 'input[type=submit],input[type=button],input[type=reset]';
  const all = select(css, documentOf(el));
  for (let i = 0; i < all.length; i++) {
    for (let n = all[i]; n && !out.has(n); n = above(n)) out.add(n);
  }
  return out;
}).has(el);
const elementChildren = (node) => {
  const out = [];
  const add = (top) => {
    for (let n = firstChild(top); n; n = nextSibling(n)) if (isElement(n)) push(out, n);
  };
  if (isElement(node) && shadowOf(node)) add(shadowOf(node));
  add(node);
  return out;
};

// What has a label: by `aria-labelledby`, a <label>, or `aria-label`.
const findLabel = (locator, root) => {
  const test = textTest(locator.label, locator.exact === true, 'label');
  return filter(everything(root), (el) => some(labelsFor(el), (text) => test.fits(text)));
};
const labelsFor = (el) => {
  const refs = hasAttribute(el, 'aria-labelledby') ? referenced(el, 'aria-labelledby') : [];
  if (refs.length) return push(map(refs, textOf), spaced(map(refs, textOf)));
  const out = map(labelsOf(el), labelWords);
  const said = attribute(el, 'aria-label');
  if (said !== null) push(out, fold(said));
  return out;
};
// A label's own words, without the values of controls in it.
const labelWords = (label) => {
  let out = '';
  const walk = (el) => {
    const children = flatChildren(el);
    for (let i = 0; i < children.length; i++) {
      const n = children[i];
      if (nodeType(n) === 3) out += n.data;
      else if (isElement(n) && !isSilent(n) && !isSelect(n) && !isTextArea(n) && !isInput(n)) {
        walk(n);
        if (styleOf(n).display !== 'inline') out += ' ';
      }
    }
  };
  walk(label);
  return fold(out);
};

const findTestId = (locator, root, options) => {
  const name = options.testId;
  const wanted = locator['test-id'];
  const fits = isMap(wanted) ? textTest(wanted, true, 'test-id').fits
    : (text) => text === String(wanted);
  return filter(everything(root), (el) => {
    const value = attribute(el, name);
    return value !== null && fits(value);
  });
};

// Selectors see into open shadow roots: `my-app button` finds what is inside.
const findCss = (locator, root) => {
  const css = String(locator.css);
  let found;
  try { found = select(css, root); } catch (error) {
    throw badLocator('the CSS selector ' + quote(css) + ' cannot be read');
  }
  const roots = rootsBelow(root);
  if (roots.length === 1 || !/\s/.test(css.trim())) return found;
  const chains = filter(map(splitCss(css, ','), (part) => splitCss(part.trim(), ' ')),
    (chain) => chain.length > 1 && !some(chain, (part) => /[>+~]\s*$|^\s*[>+~]/.test(part)));
  if (!chains.length) return found;
  const more = filter(everything(root), (el) => some(chains, (chain) => fitsChain(el, chain)));
  return inOrder(root, append(found, more));
};
const fitsChain = (el, chain) => {
  let i = chain.length - 1;
  if (!matchesCss(el, chain[i])) return false;
  for (let n = above(el); n && i > 0; n = above(n)) if (matchesCss(n, chain[i - 1])) i -= 1;
  return i === 0;
};
// Splits at a character outside of brackets and strings; `a > b` stays in one piece.
const splitCss = (css, at) => {
  const out = [];
  let depth = 0;
  let quoted = '';
  let part = '';
  for (let i = 0; i < css.length; i++) {
    const c = css[i];
    if (quoted) { if (c === quoted) quoted = ''; } else if (c === '"' || c === "'") quoted = c;
    else if (c === '(' || c === '[') depth += 1;
    else if (c === ')' || c === ']') depth -= 1;
    if (c === '\\') { part += c + (css[i + 1] || ''); i += 1; continue; }
    const here = at === ' ' ? /\s/.test(c) : c === at;
    if (!here || depth || quoted) { part += c; continue; }
    if (at === ' ') {
      const rest = css.slice(i).trimStart();
      if (/[>+~]\s*$/.test(part) || /^[>+~]/.test(rest)) { part += ' '; continue; }
    }
    if (part.trim()) push(out, part.trim());
    part = '';
  }
  if (part.trim()) push(out, part.trim());
  return out;
};

const findXpath = (locator, root) => {
  const path = String(locator.xpath);
  const doc = nodeType(root) === 9 ? root : documentOf(root);
  const relative = root !== doc && path.startsWith('/') ? '.' + path : path;
  const out = [];
  try {
    const found = evaluateXpath(doc, relative, root, null, 7, null);
    for (let i = 0; i < snapshotLength(found); i++) {
      const node = snapshotItem(found, i);
      if (isElement(node)) push(out, node);
    }
  } catch (error) {
    throw badLocator('the XPath ' + quote(path) + ' cannot be read');
  }
  return out;
};
const evaluateXpath = method(Document, 'evaluate');
const snapshotLength = reader(XPathResult, 'snapshotLength');
const snapshotItem = method(XPathResult, 'snapshotItem');

const FINDERS = {
  role: findRole, label: findLabel, text: findText, placeholder: byAttribute('placeholder'),
  alt: byAttribute('alt'), title: byAttribute('title'), 'test-id': findTestId, css: findCss,
  xpath: findXpath,
};

// ---- Frames and the one element that is meant.

const optionsOf = (argument) => ({ testId: (argument && argument.testId) || 'data-testid' });

// The document something is done in. Throws `Cross` at a frame of another origin.
const enter = (frames, options) => {
  let doc = document;
  for (let i = 0; i < frames.length; i++) {
    const el = only(frames[i], doc, options);
    if (!isFrame(el)) {
      throw new Stop('not-a-frame', shown(el) + ' is not a frame', {}, false);
    }
    const inner = documentIn(el);
    if (!inner) {
      throw new Cross(el, filter(frames, (_, j) => j > i));
    }
    doc = inner;
  }
  return doc;
};
// The frames of an argument with those that its locator names, and the locator without them.
const unframed = (frames, locator) => {
  const all = append([], frames || []);
  let plain = locator;
  const inner = [];
  while (isMap(plain) && own(plain, 'frame') && plain.frame !== null) {
    const frame = plain.frame;
    if (isList(frame)) append(inner, frame); else push(inner, frame);
    const copy = {};
    const keys = keysOf(plain);
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] !== 'frame') copy[keys[i]] = plain[keys[i]];
    }
    plain = copy;
  }
  // A frame's own locator may name the frame around it.
  for (let i = 0; i < inner.length; i++) {
    const outer = unframed([], inner[i]);
    append(all, outer.frames);
    push(all, outer.locator);
  }
  return { frames: all, locator: plain };
};

// All elements that are meant.
const allOf = (argument) => {
  const asked = unframed(argument.frame, argument.locator);
  const options = optionsOf(argument);
  let doc;
  try { doc = enter(asked.frames, options); } catch (end) {
    if (end instanceof Cross) end.plain = asked.locator;
    throw end;
  }
  return locate(asked.locator, doc, options);
};
// The one element that is meant, or the reason why there is none.
const only = (locator, root, options) => one(locate(locator, root, options), locator, root,
  options);
const one = (found, locator, root, options) => {
  if (found.length === 1) return found[0];
  if (!found.length) throw missing(locator, root, options);
  throw many(found, locator);
};
const theOne = (argument) => {
  const asked = unframed(argument.frame, argument.locator);
  const options = optionsOf(argument);
  let doc;
  try { doc = enter(asked.frames, options); } catch (end) {
    if (end instanceof Cross) end.plain = asked.locator;
    throw end;
  }
  return only(asked.locator, doc, options);
};
// The reason is worded only once the time is up: `near` costs.
const missing = (locator, root, options) => {
  const stop = new Stop('missing', 'nothing matches ' + sayLocator(locator), {}, false);
  stop.finish = () => {
    stop.why.near = nearest(locator, root, options);
    const best = stop.why.near[0];
    if (best) stop.why.message += '; most like it is ' + best.shown + ' (' + best.why + ')';
  };
  return stop;
};
const many = (found, locator) => {
  const stop = new Stop('many', '', { count: found.length }, false);
  stop.finish = () => {
    stop.why.candidates = map(first(found, 10),
      (el, i) => shown(el) + (isVisible(el) ? '' : ' (hidden)') + ' (nth: ' + i + ')');
    const visible = filter(found, isVisible);
    stop.why.message = plural(found.length, 'element') + ' match ' + sayLocator(locator)
      + ', but one is meant: ' + join(first(stop.why.candidates, 3), ', ')
      + (found.length > 3 ? ', ...' : '') + (visible.length === 1
        ? '; one of them can be seen: add visible: true' : '; say more, or add nth');
  };
  return stop;
};

// A locator in words: `button "Save" in dialog "Edit"`.
const sayLocator = (written) => {
  if (!isMap(written)) return 'text ' + quote(written);
  const say = (value) => (isMap(value) && own(value, 'matches') ? '/' + value.matches + '/'
    : isMap(value) ? '(' + sayLocator(value) + ')' : typeof value === 'string' ? quote(value)
      : String(value));
  const parts = [];
  const keys = sorted(keysOf(written), (key) => (key === 'role' ? 2 : key === 'name' ? 1 : 0));
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (key === 'matches') push(parts, 'text /' + written.matches + '/');
    else if (key === 'role') push(parts, String(written.role));
    else if (key === 'name') push(parts, say(written.name));
    else if (key === 'in') continue;
    else if (key === 'exact') continue;
    else if (key === 'and' || key === 'or') {
      push(parts, key + ' ' + join(map(listOf(written[key]), say), ' ' + key + ' '));
    } else push(parts, key + ' ' + say(written[key]));
  }
  return join(parts, ' ') + (own(written, 'in') ? ' in ' + sayLocator(written.in) : '');
};
