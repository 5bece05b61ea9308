// Accessible names, after the Accessible Name computation and the HTML mappings.

const FROM_CONTENT = words(
  'button cell checkbox columnheader comment gridcell heading link menuitem menuitemcheckbox',
  'menuitemradio option radio row rowheader switch tab tooltip treeitem sectionhead',
  'doc-backlink doc-biblioref doc-glossref doc-noteref',
);
const VALUE_ROLES = words('textbox searchbox');
const CHOICE_ROLES = words('combobox listbox');
const RANGE_ROLES = words('slider spinbutton progressbar meter scrollbar');

// Whether those who do not see are not told of it.
const isHiddenForAria = (el) => remembered('hidden', el, () => {
  const style = styleOf(el);
  if (!style || style.display === 'none' || (isSilent(el) && style.display === 'none')) return true;
  if (style.display !== 'contents' && style.visibility !== 'visible') return true;
  return isCutOff(el);
});
// What an element cuts off from everything below it.
const cutsOff = (el) => flag(el, 'aria-hidden') === 'true' || hasAttribute(el, 'inert')
  || !styleOf(el) || styleOf(el).display === 'none' || isUnslotted(el);
const isCutOff = (el) => remembered('cut', el, () => {
  if (cutsOff(el)) return true;
  const parent = flatAbove(el);
  if (parent && isCutOff(parent)) return true;
  return Boolean(isShownNatively) && styleOf(el).display !== 'contents' && !isShownNatively(el)
    && !isTag(el, 'option') && !isTag(el, 'optgroup') && !isInCanvas(el);
});
const isInCanvas = (el) => Boolean(closest(el, (n) => isTag(n, 'canvas')));

// Elements that an attribute points at, by id.
const referenced = (el, name) => {
  const said = attribute(el, name);
  if (said === null) return [];
  const ids = fold(said) ? fold(said).split(' ') : [];
  const root = rootOf(el);
  const found = filter(map(ids, (id) => byId(root, id)), (n) => n);
  if (found.length) return found;
  // Elements may be given by script instead.
  if (!ids.length && name === 'aria-labelledby') {
    const given = labelElements(el);
    return given ? filter(given, (n) => n) : [];
  }
  return [];
};

// The text a pseudo-element adds.
const pseudoText = (el, pseudo) => {
  const style = computed(el, pseudo);
  const content = style && style.content;
  if (!content || content === 'none' || content === 'normal') return '';
  if (style.display === 'none' || style.visibility !== 'visible') return '';
  const text = contentText(content, el);
  return style.display === 'inline' || !text ? text : ' ' + text + ' ';
};
// The strings of a `content` value; what stands after a slash is said instead of it.
const contentText = (content, el) => {
  const pattern = /"((?:[^"\\]|\\.)*)"|attr\(\s*([\w-]+)[^)]*\)|(\/)|[^\s"]+/g;
  let out = '';
  for (let part = pattern.exec(content); part; part = pattern.exec(content)) {
    if (part[3]) out = '';
    else if (part[1] !== undefined) out += unescapeCss(part[1]);
    else if (part[2]) out += attribute(el, part[2]) || '';
  }
  return out;
};
const unescapeCss = (text) => text.replace(/\\([0-9a-fA-F]{1,6})\s?|\\(.)/g,
  (_, hex, plain) => (hex ? String.fromCodePoint(parseInt(hex, 16)) : plain));

// How a name is being put together: `root` is named; `via` says how this node was reached.
const START = { via: 'top', referring: false, hidden: false };

// Parts joined with a space; empty ones left out.
const spaced = (parts) => join(filter(map(parts, fold), (p) => p), ' ');

const labelledBy = (el, seen) => spaced(map(referenced(el, 'aria-labelledby'), (target) => {
  const how = { via: 'reference', referring: true, hidden: isHiddenForAria(target) };
  return nameText(target, how, target === el ? new Set() : seen, el);
}));

const nameText = (el, how, visited, named) => {
  if (visited.has(el)) return '';
  if (isTag(el, 'slot')) return contentOf(el, how, visited, named);
  const role = roleOf(el);
  const top = how.via === 'top';
  if (!top && !how.hidden && isHiddenForAria(el)) {
    // What is only invisible may hold what is not.
    const style = styleOf(el);
    const passes = style && style.display !== 'none' && !isCutOff(el) && how.via === 'content';
    return passes ? contentOf(el, how, visited, named) : '';
  }
  if (!how.referring) {
    const text = labelledBy(el, visited);
    if (text) return text;
  }
  visited.add(el);
  if (!top && el !== named) {
    const value = embeddedValue(el, role, how, visited, named);
    if (value !== null) return value;
  }
  const label = fold(attribute(el, 'aria-label'));
  if (label) return label;
  if (role !== 'none') {
    const text = hostText(el, how, visited);
    if (text !== null) return text;
  }
  if (!top || role in FROM_CONTENT || saidRole(el) in FROM_CONTENT || isTag(el, 'summary')) {
    const text = contentOf(el, how, visited, named);
    if (fold(text)) return text;
    // White space alone still parts words.
    if (!top) return (role === 'none' ? '' : tooltipOf(el, top)) || text;
  }
  return role === 'none' ? '' : tooltipOf(el, top);
};
const tooltipOf = (el, top) => {
  if (!isHtml(el)) return fold(attribute(el, 'title'));
  const title = fold(attribute(el, 'title'));
  if (title) return title;
  if (!top) return '';
  const hint = fold(attribute(el, 'placeholder'));
  if (hint && (isTextArea(el) || isInput(el))) return hint;
  return fold(attribute(el, 'aria-placeholder'));
};

// What a control within a label says: its value. Null where it is none.
const embeddedValue = (el, role, how, visited, named) => {
  if (role in VALUE_ROLES) {
    if (isInput(el)) return inputValue(el);
    if (isTextArea(el)) return areaValue(el);
    return contentOf(el, how, visited, named);
  }
  if (role in CHOICE_ROLES) return choiceText(el, how, visited, named);
  if (role in RANGE_ROLES) {
    const said = attribute(el, 'aria-valuetext') || attribute(el, 'aria-valuenow');
    if (said) return said;
    if (isInput(el)) return inputValue(el);
    return attribute(el, 'value') || '';
  }
  // What a menu offers is not said along with it.
  return role in MENUS ? '' : null;
};
const MENUS = words('menu menubar');
const choiceText = (el, how, visited, named) => {
  if (isInput(el)) return inputValue(el);
  const all = everything(el);
  const options = filter(all, (n) => roleOf(n) === 'option');
  let chosen = filter(options, (n) => selectedOf(n) === true);
  if (!chosen.length && isSelect(el)) chosen = first(options, 1);
  if (!chosen.length && !options.length) return contentOf(el, how, visited, named);
  return spaced(map(chosen, (n) => nameText(n, { ...how, via: 'content' }, visited, named)));
};

// What the markup itself says: labels, alternative texts, legends, captions. Null for nothing.
const hostText = (el, how, visited) => {
  const tag = tagOf(el);
  const text = own(HOST_TEXT, tag) ? HOST_TEXT[tag](el, visited) : null;
  return text === null || fold(text) === '' ? null : text;
};
const childText = (el, tag, visited) => {
  for (let n = firstChild(el); n; n = nextSibling(n)) {
    if (!isElement(n) || tagOf(n) !== tag) continue;
    return nameText(n, { via: 'label', referring: false, hidden: isHiddenForAria(n) },
      visited, el);
  }
  return null;
};
const labelsOf = (el) => {
  const root = rootOf(el);
  // Asked once for all: engines look through the whole page for each field.
  const all = remembered('labels', root, () => {
    const out = new Map();
    const labels = nodeType(root) === 9 || nodeType(root) === 11 ? queryAll(root, 'label')
      : byElement(root, 'label');
    for (let i = 0; i < labels.length; i++) {
      const control = labelControl(labels[i]);
      if (!control) continue;
      if (!out.has(control)) out.set(control, []);
      push(out.get(control), labels[i]);
    }
    return out;
  });
  return all.get(el) || [];
};
const labelElements = reader(Element, 'ariaLabelledByElements');
const labelText = (el, visited) => spaced(map(labelsOf(el), (label) => nameText(label,
  { via: 'label', referring: false, hidden: isHiddenForAria(label) },
  new Set().add(el), el))) || null;
const inputText = (el, visited) => {
  const label = labelText(el, visited);
  if (label) return label;
  const type = inputType(el);
  if (type === 'image') {
    return fold(attribute(el, 'alt')) || fold(attribute(el, 'title')) || 'Submit';
  }
  if (!(type in BUTTONS)) return null;
  const value = fold(inputValue(el));
  if (value || hasAttribute(el, 'value')) return value || null;
  return fold(attribute(el, 'title')) ? null : type === 'submit' ? 'Submit'
    : type === 'reset' ? 'Reset' : null;
};
const altText = (el) => fold(attribute(el, 'alt')) || null;
const HOST_TEXT = {
  input: inputText, button: labelText, select: labelText, textarea: labelText, meter: labelText,
  progress: labelText, output: labelText,
  img: altText, area: altText,
  fieldset: (el, visited) => childText(el, 'legend', visited),
  figure: (el, visited) => childText(el, 'figcaption', visited),
  table: (el, visited) => childText(el, 'caption', visited) || attribute(el, 'summary'),
  optgroup: (el) => attribute(el, 'label'),
  option: (el) => attribute(el, 'label'),
  'svg:svg': (el, visited) => childText(el, 'svg:title', visited),
  'svg:g': (el, visited) => childText(el, 'svg:title', visited),
  'svg:a': (el, visited) => childText(el, 'svg:title', visited) || attribute(el, 'xlink:title'),
};

// The text of what is inside, as it is drawn, with what `aria-owns` brings in.
const contentOf = (el, how, visited, named) => {
  let out = pseudoText(el, '::before');
  const inner = { ...how, via: 'content' };
  const add = (node) => {
    const type = nodeType(node);
    if (type === 3) {
      // Text of an element that is only invisible is invisible too.
      if (how.hidden || styleOf(el).visibility === 'visible') out += node.data;
      return;
    }
    if (type !== 1) return;
    if (ownerOf(node) && ownerOf(node) !== el) return;
    out += childPart(node, inner, visited, named);
  };
  const children = flatChildren(el);
  for (let i = 0; i < children.length; i++) add(children[i]);
  const owned = referenced(el, 'aria-owns');
  for (let i = 0; i < owned.length; i++) {
    if (!isWithin(el, owned[i]) && !has(children, owned[i])) {
      out += ' ' + childPart(owned[i], inner, visited, named);
    }
  }
  return out + pseudoText(el, '::after');
};
const childPart = (node, how, visited, named) => {
  if (isTag(node, 'br')) return ' ';
  const text = nameText(node, how, visited, named);
  const style = styleOf(node);
  const inline = !style || style.display === 'inline' || style.display === 'contents';
  return inline || isTag(node, 'slot') ? text : ' ' + text + ' ';
};

// The name by which people and assistive technology know an element; '' for none.
const nameOf = (el) => remembered('names', el, () => {
  if (isFrame(el)) return fold(attribute(el, 'aria-label')) || fold(attribute(el, 'title'));
  return fold(nameText(el, START, new Set(), el));
});

// ---- Words for people.

const LANDMARKS = words(
  'dialog alertdialog form region navigation table list menu listbox row group tabpanel banner',
  'contentinfo complementary main article search toolbar tablist radiogroup tree grid listitem',
);
const shownPlainly = (el) => {
  const role = roleOf(el);
  const name = nameOf(el);
  if (role && role !== 'generic' && role !== 'none') {
    return name ? role + ' ' + quote(name) : role;
  }
  const text = brief(textOf(el), 40);
  return shownTag(el) + (text ? ' ' + quote(text) : '');
};
// `button "Save" in dialog "Edit"`: an element so that a person knows which.
const shown = (el) => {
  const out = shownPlainly(el);
  for (let n = flatAbove(el); n; n = flatAbove(n)) {
    const role = roleOf(n);
    if (!role || !(role in LANDMARKS)) continue;
    if (nameOf(n)) return out + ' in ' + shownPlainly(n);
    // One item of a list has no name; what it says tells it from the others.
    if (role in ITEMS && textOf(n)) return out + ' in ' + role + ' ' + quote(brief(textOf(n), 40));
  }
  return out;
};
const ITEMS = words('listitem row');
