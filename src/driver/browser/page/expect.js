// Expectations: what must be, noticed as soon as it is.

// ---- Comparing a value with what it must be.

const isNumeric = (value) => value !== null && value !== '' && typeof value !== 'boolean'
  && !Number.isNaN(Number(value));
const equals = (is, wanted) => {
  if (wanted === null || wanted === undefined) return is === null || is === undefined;
  if (is === null || is === undefined) return false;
  if (typeof wanted === 'number') return isNumeric(is) && Number(is) === wanted;
  return fold(is) === fold(wanted);
};
const contains = (is, wanted) => {
  if (is === null || is === undefined) return false;
  if (isList(is)) return some(is, (item) => equals(item, wanted));
  return every(listOf(wanted), (part) => fold(is).includes(fold(part)));
};
const ordered = (f) => (is, wanted) => isNumeric(is) && isNumeric(wanted)
  && f(Number(is), Number(wanted));
const COMPARE = {
  equals, contains,
  matches: (is, wanted) => is !== null && is !== undefined && regex(wanted).test(fold(is)),
  not: (is, wanted) => !fits(is, wanted),
  gt: ordered((a, b) => a > b), gte: ordered((a, b) => a >= b),
  lt: ordered((a, b) => a < b), lte: ordered((a, b) => a <= b),
  'starts-with': (is, wanted) => is !== null && fold(is).startsWith(fold(wanted)),
  'ends-with': (is, wanted) => is !== null && fold(is).endsWith(fold(wanted)),
};
const fits = (is, wanted) => {
  if (!isMap(wanted)) return equals(is, wanted);
  return every(keysOf(wanted), (key) => {
    if (!own(COMPARE, key)) {
      throw new Stop('bad-locator', 'an expectation has no comparison ' + quote(key)
        + '; there are ' + join(keysOf(COMPARE), ', '), {}, true);
    }
    return COMPARE[key](is, wanted[key]);
  });
};
const sayWanted = (wanted, not) => {
  const say = (value) => (typeof value === 'string' ? quote(value) : written(value));
  const words_ = isMap(wanted) ? join(map(keysOf(wanted), (key) => {
    const inner = wanted[key];
    return key === 'matches' ? 'matching /' + inner + '/' : key + ' '
      + (isMap(inner) ? sayWanted(inner) : say(inner));
  }), ' and ') : say(wanted);
  return not ? 'not ' + words_ : words_;
};

// ---- What each expectation looks at.

const rgb = (text) => {
  if (/[;{}]/.test(text) || !CSS.supports('color', text)) return null;
  const doc = document.implementation.createHTMLDocument('');
  const canvas = doc.createElement('canvas').getContext('2d');
  if (!canvas) return null;
  canvas.fillStyle = text;
  return canvas.fillStyle;
};
const sameStyle = (is, wanted) => {
  if (fits(is, wanted)) return true;
  if (typeof wanted !== 'string' || !/^(#|rgb|hsl|[a-z]+$)/i.test(wanted)) return false;
  const a = rgb(is);
  return a !== null && a === rgb(wanted);
};
const valuesOf = (el) => {
  if (isSelect(el) && selectMultiple(el)) {
    return map(filter(optionsIn(el), optionSelected), optionValue);
  }
  const value = valueOf(el);
  if (value !== null) return value;
  if (isTag(el, 'option')) return optionValue(el);
  const said = attribute(el, 'aria-valuetext') || attribute(el, 'aria-valuenow');
  if (said !== null) return said;
  if (isHtml(el) && isEditableText(el)) return textOf(el);
  return attribute(el, 'value');
};
const classesOf = (el) => fold(attribute(el, 'class'));
const classFits = (is, wanted) => {
  if (!isMap(wanted)) return equals(is, wanted);
  return every(keysOf(wanted), (key) => {
    if (key === 'not') return !classFits(is, wanted.not);
    if (key !== 'contains') return fits(is, { [key]: wanted[key] });
    const mine = is.split(' ');
    return every(listOf(wanted.contains), (part) => every(fold(part).split(' '),
      (name) => has(mine, name)));
  });
};
const isEmpty = (el) => {
  const value = valueOf(el);
  return value === null ? textOf(el) === '' : value === '';
};
const isInViewport = (el) => {
  if (!isVisible(el)) return false;
  const box = boxOf(contentBox(el));
  const part = inView(documentOf(el), box);
  if (!part) return false;
  const around = frameOf(documentOf(el));
  return around ? isInViewport(around) : true;
};

// Those that read a value of one element and compare it.
const READ = {
  text: (el) => textOf(el),
  value: (el) => valuesOf(el),
  attribute: (el, e) => attribute(el, String(e.of)),
  class: (el) => classesOf(el),
  css: (el, e) => fold(styleOf(el).getPropertyValue(String(e.of)) || styleOf(el)[String(e.of)]),
  name: (el) => nameOf(el),
  role: (el) => roleOf(el),
};
const FITS = {
  class: classFits,
  css: sameStyle,
  role: (is, wanted) => (typeof wanted === 'string' ? is === roleWord(wanted) : fits(is, wanted)),
  attribute: (is, wanted) => (wanted === true ? is !== null && is !== 'false'
    : wanted === false ? is === null || is === 'false' : fits(is, wanted)),
};
// Those that one element is or is not: [is it, what it is else].
const IS = {
  enabled: [(el) => !disabledAround(el), 'disabled'],
  disabled: [disabledAround, 'enabled'],
  checked: [(el) => checkedOf(el) === true, 'not checked'],
  unchecked: [(el) => checkedOf(el) === false, 'checked'],
  focused: [(el) => focused(document) === el || isFocusHost(el), 'not focused'],
  editable: [(el) => !disabledAround(el) && !isReadonly(el), 'not editable'],
  empty: [isEmpty, 'not empty'],
};
const isFocusHost = (el) => {
  const has_ = focused(document);
  return Boolean(has_) && Boolean(shadowOf(el)) && isWithin(has_, el);
};
// Those that hold of how many there are, and what that is called.
const PRESENCE = {
  visible: { opposite: 'hidden' }, hidden: { opposite: 'visible' },
  attached: { opposite: 'detached' }, detached: { opposite: 'attached' },
};

// ---- Checking one. Gives what was there, or throws why it is not so.

const wrong = (message, wanted, got, more) => new Stop('wrong', message,
  { wanted, got, ...more }, false);

const demand = (e) => {
  const not = e.not === true;
  const what = String(e.what);
  if (what === 'url' || what === 'title') return demandPage(e, what, not);
  if (e.locator === null || e.locator === undefined) {
    if (what === 'aria') return demandAria(e, documentElementFor(e), not);
    throw new Stop('bad-locator', 'expect-' + what + ' needs a locator', {}, true);
  }
  if (own(PRESENCE, what)) return demandPresence(e, not ? PRESENCE[what].opposite : what);
  if (what === 'count') return demandCount(e, not);
  if (what === 'in-viewport') return demandInViewport(e, not);
  if (own(READ, what)) return demandValue(e, what, not);
  if (own(IS, what)) return demandState(e, what, not);
  if (what === 'aria') return demandAria(e, theOne(e), not);
  throw new Stop('bad-locator', 'there is no expectation ' + quote(what), {}, true);
};
const documentElementFor = (e) => {
  const doc = enter(e.frame || [], optionsOf(e));
  return documentBody(doc) || documentRoot(doc);
};
const demandPage = (e, what, not) => {
  const is = what === 'url' ? window.location.href : fold(document.title);
  const wanted = e.is;
  const fits_ = what === 'url' ? urlFits(is, wanted) : fits(is, wanted);
  if (fits_ !== not) return is;
  throw wrong('the ' + what + ' is ' + quote(is) + ', wanted ' + sayWanted(wanted, not),
    sayWanted(wanted, not), is);
};
// A path alone means the same origin; `*` stays within a part of the path, `**` does not.
const urlFits = (is, wanted) => {
  if (typeof wanted !== 'string') return fits(is, wanted);
  const whole = wanted.startsWith('/') ? window.location.origin + wanted : wanted;
  if (whole.indexOf('*') < 0) return fits(is, whole);
  const body = whole.replace(/[\\^$.+?()[\]{}|]/g, '\\$&')
    .replace(/\*+/g, (stars) => (stars.length > 1 ? '.*' : '[^/?#]*'));
  return new RegExp('^' + body + '$').test(is);
};

const demandPresence = (e, what) => {
  let found;
  try { found = allOf(e); } catch (end) {
    // There is no frame, so there is nothing in it.
    const gone = end instanceof Stop && end.why.kind === 'missing';
    if (gone && (what === 'hidden' || what === 'detached')) return 0;
    throw end;
  }
  if (what === 'detached') {
    if (!found.length) return 0;
    throw wrong(shown(found[0]) + ' is still in the page', 'detached',
      plural(found.length, 'element'));
  }
  if (what === 'hidden') {
    const seen = find(found, isVisible);
    if (!seen) return found.length ? 'hidden' : 'missing';
    throw wrong(shown(seen) + ' can be seen', 'hidden', 'visible');
  }
  const asked = unframed(e.frame, e.locator);
  const doc = enter(asked.frames, optionsOf(e));
  const el = one(found, asked.locator, doc, optionsOf(e));
  if (what === 'attached') return shown(el);
  if (isVisible(el)) return 'visible';
  throw new Stop('hidden', shown(el) + ' cannot be seen: ' + whyHidden(el), {});
};
const demandCount = (e, not) => {
  let found;
  try { found = allOf(e); } catch (end) {
    if (!(end instanceof Stop) || end.why.kind !== 'missing') throw end;
    found = [];
  }
  if (fits(found.length, e.is) !== not) return found.length;
  const stop = wrong(plural(found.length, 'element') + ' match ' + sayLocator(e.locator)
    + ', wanted ' + sayWanted(e.is, not), sayWanted(e.is, not), found.length);
  stop.finish = () => {
    stop.why.candidates = map(first(found, 10), (el) => shown(el));
    if (!found.length) {
      const asked = unframed(e.frame, e.locator);
      stop.why.near = nearest(asked.locator, enter(asked.frames, optionsOf(e)), optionsOf(e));
    }
  };
  return raise(stop);
};
const raise = (stop) => { throw stop; };
const demandInViewport = (e, not) => {
  if (not) {
    const seen = find(allOf(e), isInViewport);
    if (!seen) return 'outside';
    throw wrong(shown(seen) + ' is in the window', 'outside', 'in view');
  }
  const el = theOne(e);
  if (isInViewport(el)) return 'in view';
  throw wrong(shown(el) + (isVisible(el) ? ' is outside of what the window shows'
    : ' cannot be seen: ' + whyHidden(el)), 'in view', 'outside');
};
const demandValue = (e, what, not) => {
  const compare = own(FITS, what) ? FITS[what] : fits;
  const label = what === 'attribute' || what === 'css' ? what + ' ' + e.of : what;
  const several = isList(e.is) && !(what === 'value' && isManySelect(e));
  if (several) {
    const got = map(allOf(e), (el) => READ[what](el, e));
    const fits_ = got.length === e.is.length && every(got, (is, i) => compare(is, e.is[i]));
    if (fits_ !== not) return got;
    throw wrong('the ' + label + ' of ' + plural(got.length, 'element') + ' that match '
      + sayLocator(e.locator) + ' are ' + brief(written(got), 300) + ', wanted '
      + sayWanted(e.is, not), e.is, got);
  }
  const el = theOne(e);
  const is = READ[what](el, e);
  const fits_ = isList(e.is) && isList(is) ? sameList(is, e.is) : compare(is, e.is);
  if (fits_ !== not) return is;
  throw wrong('the ' + label + ' of ' + shown(el) + ' is '
    + (is === null ? 'missing' : isList(is) ? written(is) : quoteLong(is))
    + ', wanted ' + sayWanted(e.is, not), sayWanted(e.is, not), is);
};
const quoteLong = (text) => '"' + brief(text, 300) + '"';
const sameList = (a, b) => a.length === b.length && every(a, (item, i) => equals(item, b[i]));
const isManySelect = (e) => {
  const found = allOf(e);
  return found.length === 1 && isSelect(found[0]) && selectMultiple(found[0]);
};
const demandState = (e, what, not) => {
  const found = theOne(e);
  const el = what === 'checked' || what === 'unchecked' ? retarget(found, 'check') : found;
  if ((what === 'checked' || what === 'unchecked') && checkedOf(el) === null) {
    throw wrong(shown(el) + ' cannot be checked: it is ' + shownTag(el), what, 'no checkbox');
  }
  if (IS[what][0](el) !== not) return not ? IS[what][1] : what;
  const got = not ? what : IS[what][1];
  throw wrong(shown(el) + ' is ' + (what === 'unchecked' && checkedOf(el) === 'mixed' ? 'mixed'
    : got), not ? 'not ' + what : what, got);
};
const demandAria = (e, el, not) => {
  const match = matchAria(el, String(e.is == null ? '' : e.is));
  if (match !== not) return 'as wanted';
  const stop = wrong(not ? shown(el) + ' is as it must not be'
    : 'the ARIA tree of ' + shown(el) + ' is not as wanted', e.is, null);
  stop.finish = () => {
    stop.why.got = snapshot(el);
    if (!not) stop.why.diff = ariaDiff(el, String(e.is));
  };
  return raise(stop);
};

// ---- All of them, in order.

// What held in a document that goes away has held: it is told while there is still time, with
// `left`, and the others are looked for in the next document.
const expect = (argument) => new NativePromise((resolve, reject) => {
  const results = [];
  const leaves = () => {
    if (results.length) resolve({ results, left: true });
  };
  const several = (argument.all || []).length > 1;
  // The second is the last moment, and too late in Chromium; the first may come for nothing, and
  // then the others are looked for in the same document.
  const signs = several ? ['beforeunload', 'pagehide'] : [];
  for (let i = 0; i < signs.length; i++) listen(window, signs[i], leaves, QUIET);
  const looks = async () => {
    try {
      resolve(await expectAll(argument, results));
    } catch (error) {
      reject(error);
    } finally {
      for (let i = 0; i < signs.length; i++) unlisten(window, signs[i], leaves, QUIET);
    }
  };
  looks();
});
const expectAll = async (argument, results) => {
  const began = now();
  const all = argument.all || [];
  for (let i = 0; i < all.length; i++) {
    const e = { testId: argument.testId, ...all[i] };
    if (e.frame === undefined) e.frame = argument.frame;
    if (e.timeout === undefined) e.timeout = argument.timeout;
    try {
      const is = await until(timeoutOf(e), () => demand(e));
      push(results, { ok: true, at: now() - began, now: is });
    } catch (end) {
      if (end instanceof Cross) {
        return { results, ...crossAnswer(end, { ...all[i] }, (inner) => ({ all: [inner],
          testId: argument.testId, timeout: argument.timeout })) };
      }
      if (!(end instanceof Stop)) throw end;
      push(results, { ok: false, at: now() - began, why: end.why });
      if (all[i].soft !== true) break;
    }
  }
  return { results };
};
