// What is most like something that was not found.

// How alike two texts are, 0 to 1: equal letters in order, by edit distance.
const similarity = (a, b) => {
  const x = fold(a).toLowerCase().slice(0, 64);
  const y = fold(b).toLowerCase().slice(0, 64);
  if (!x || !y) return 0;
  if (x === y) return 1;
  if (x.includes(y) || y.includes(x)) {
    return 0.6 + 0.4 * (Math.min(x.length, y.length) / Math.max(x.length, y.length));
  }
  return Math.max(0, 1 - distance(x, y) / Math.max(x.length, y.length));
};
const distance = (x, y) => {
  let before = [];
  for (let j = 0; j <= y.length; j++) before[j] = j;
  for (let i = 1; i <= x.length; i++) {
    const row = [i];
    for (let j = 1; j <= y.length; j++) {
      const changed = before[j - 1] + (x[i - 1] === y[j - 1] ? 0 : 1);
      row[j] = Math.min(changed, before[j] + 1, row[j - 1] + 1);
    }
    before = row;
  }
  return before[y.length];
};

// So many elements are looked at in any case, so many at most, and in between so long (ms).
const LOOKED_AT_SURELY = 300;
const MOST_LOOKED_AT = 4000;
const LONGEST_SEARCH = 150;

// At most five, best first: `{shown, visible, text, why}`.
const nearest = (written, root, options) => {
  let locator;
  try { locator = readLocator(written); } catch { return []; }
  const score = scorer(locator, options);
  if (!score) return [];
  const started = now();
  const all = everything(root);
  const scored = [];
  for (let i = 0; i < all.length && i < MOST_LOOKED_AT; i++) {
    if (i >= LOOKED_AT_SURELY && now() - started > LONGEST_SEARCH) break;
    const el = all[i];
    if (isSilent(el)) continue;
    const found = score(el);
    if (found && found.score >= 0.35) push(scored, { el, ...found });
  }
  const best = first(sorted(scored, (s) => s.score), 5);
  return map(best, (s) => ({
    shown: shown(s.el), visible: isVisible(s.el), text: brief(textOf(s.el)),
    why: whyNot(s, locator, root, options),
  }));
};
const whyNot = (s, locator, root, options) => {
  const reasons = [];
  if (s.reason) push(reasons, s.reason);
  if (!isVisible(s.el)) push(reasons, whyHidden(s.el));
  else if (locator.role && isHiddenForAria(s.el)) {
    push(reasons, 'it is hidden from assistive technology (aria-hidden or inert)');
  }
  if (!reasons.length) {
    if (own(locator, 'in')) {
      const tops = locate(locator.in, root, options);
      push(reasons, !tops.length ? 'there is no ' + sayLocator(locator.in)
        : some(tops, (top) => isWithin(s.el, top)) ? 'another part of the locator leaves it out'
          : 'it is not in ' + sayLocator(locator.in));
    } else push(reasons, 'another part of the locator leaves it out');
  }
  return join(reasons, '; ');
};

const wantedText = (value) => (isMap(value) && own(value, 'matches') ? String(value.matches)
  .replace(/[\\^$.*+?()[\]{}|]+/g, ' ') : isMap(value) ? '' : fold(value));
const scorer = (locator, options) => {
  if (own(locator, 'role')) return roleScore(locator);
  if (own(locator, 'text')) return textScore(locator.text);
  if (own(locator, 'label')) return fieldScore('label', locator.label, labelsOrName);
  if (own(locator, 'test-id')) {
    return attributeScore(options.testId, locator['test-id']);
  }
  const names = ['placeholder', 'alt', 'title'];
  const name = find(names, (n) => own(locator, n));
  if (name) return attributeScore(name, locator[name]);
  if (own(locator, 'css')) return cssScore(String(locator.css));
  return null;
};
const roleScore = (locator) => {
  const role = roleWord(String(locator.role));
  const name = own(locator, 'name') && locator.name !== null ? wantedText(locator.name) : null;
  return (el) => {
    const is = roleOf(el);
    if (!is || is === 'generic' || is === 'none' || is === 'document') {
      // Things that are made to be clicked but say no role.
      if (name === null || !isClickable(el)) return null;
      const text = textOf(el);
      const alikeText = text.length > 80 ? 0 : similarity(text, name);
      return alikeText < 0.7 ? null : {
        score: 0.6 * alikeText,
        reason: 'it has no role: it is ' + shownTag(el),
      };
    }
    const sameRole = is === role;
    if (name === null) return sameRole ? { score: 0.9, reason: stateReason(el, locator) } : null;
    const itsName = nameOf(el);
    if (!sameRole && !itsName) return null;
    const alikeName = similarity(itsName, name);
    const score = 0.65 * alikeName + (sameRole ? 0.35 : 0.35 * relation(is, role));
    if (alikeName < 0.4 && !sameRole) return null;
    const parts = [];
    if (!sameRole) push(parts, 'it is a ' + is + ', not a ' + role);
    const test = textTest(locator.name, locator.exact === true, 'name');
    if (!test.fits(itsName)) {
      push(parts, itsName ? 'its name is ' + quote(itsName) : 'it has no name');
    }
    const state = stateReason(el, locator);
    if (state) push(parts, state);
    return { score, reason: join(parts, '; ') };
  };
};
const isClickable = (el) => isHtml(el) && (hasAttribute(el, 'onclick')
  || hasAttribute(el, 'tabindex') || styleOf(el).cursor === 'pointer' || isTag(el, 'a'));
const stateReason = (el, locator) => {
  const wrong = filter(keysOf(STATES), (key) => own(locator, key) && locator[key] !== null
    && !stateIs(STATES[key](el), locator[key]));
  return join(map(wrong, (key) => 'its ' + key + ' is ' + STATES[key](el)), '; ');
};
const KIN = [
  words('button link menuitem tab option switch'), words('checkbox radio switch'),
  words('textbox searchbox combobox spinbutton'), words('listbox combobox list'),
  words('list listitem'), words('heading paragraph'), words('dialog alertdialog alert'),
  words('table grid'), words('cell gridcell columnheader rowheader'),
];
const relation = (a, b) => (some(KIN, (kin) => a in kin && b in kin) ? 0.6 : 0);
const textScore = (wanted) => {
  const needle = wantedText(wanted);
  return (el) => {
    const button = buttonText(el);
    const text = button === null ? ownText(el) : fold(button);
    if (!text) return null;
    return { score: similarity(text, needle), reason: 'its text is ' + quote(text) };
  };
};
// The text right in it, without that of what is inside.
const ownText = (el) => {
  let out = '';
  for (let n = firstChild(el); n; n = nextSibling(n)) if (nodeType(n) === 3) out += n.data;
  return fold(out);
};
const FIELDS = words('input select textarea button meter progress output');
const labelsOrName = (el) => {
  const labels = labelsFor(el);
  return labels.length ? labels : isHtml(el) && localName(el) in FIELDS ? [nameOf(el)] : [];
};
const fieldScore = (what, wanted, read) => (el) => {
  const needle = wantedText(wanted);
  const texts = filter(read(el), (text) => text);
  const best = sorted(texts, (text) => similarity(text, needle))[0];
  return best ? {
    score: similarity(best, needle), reason: 'its ' + what + ' is ' + quote(best),
  } : null;
};
const attributeScore = (name, wanted) => fieldScore(name, wanted, (el) => {
  const value = attribute(el, name);
  return value ? [fold(value)] : [];
});
const cssScore = (css) => {
  const pieces = css.match(/[#.]?[\w-]+/g) || [];
  const plain = filter(pieces, (piece) => /^[\w-]/.test(piece));
  return (el) => {
    const id = attribute(el, 'id');
    const kinds = fold(attribute(el, 'class')).split(' ');
    let best = 0;
    const rate = (mine, marks) => {
      for (let i = 0; i < marks.length; i++) best = Math.max(best, similarity(mine, marks[i]));
    };
    const ids = filter(pieces, (piece) => piece[0] === '#');
    const classes = filter(pieces, (piece) => piece[0] === '.');
    if (id) rate('#' + id, ids);
    for (let i = 0; i < kinds.length; i++) if (kinds[i]) rate('.' + kinds[i], classes);
    if (!ids.length && !classes.length && has(plain, localName(el))) best = 0.5;
    if (best < 0.5) return null;
    return { score: best, reason: 'it is ' + shownTag(el) };
  };
};
