// How nodes hang together: light tree, shadow trees, the flat tree that is drawn, and frames.

// Called with each document and shadow root that is met, so that waiting can watch it.
let meet = () => {};

// The element above in the document, through shadow roots.
const above = (node) => {
  const parent = parentOf(node);
  if (!parent) return null;
  const type = nodeType(parent);
  if (type === 1) return parent;
  return type === 11 ? hostSafely(parent) : null;
};
const hostSafely = (fragment) => {
  try { return hostOf(fragment) || null; } catch { return null; }
};
const slotOf = (node) => (isElement(node) ? elementSlot(node)
  : nodeType(node) === 3 ? textSlot(node) : null);
// The element above as it is drawn; null where it is not drawn because it has no slot.
const flatAbove = (node) => {
  const slot = slotOf(node);
  if (slot) return slot;
  const parent = parentOf(node);
  if (!parent) return null;
  if (nodeType(parent) === 11) return hostSafely(parent);
  if (nodeType(parent) !== 1) return null;
  return shadowOf(parent) ? null : parent;
};
// A child of a shadow host for which there is no slot.
const isUnslotted = (node) => {
  const parent = parentOf(node);
  return Boolean(parent && isElement(parent) && shadowOf(parent) && !slotOf(node));
};
// Nodes below as they are drawn.
const flatChildren = (el) => {
  const shadow = shadowOf(el);
  if (shadow) meet(shadow);
  if (!shadow && isTag(el, 'slot')) {
    const given = assignedTo(el);
    if (given.length) return given;
  }
  const out = [];
  for (let n = firstChild(shadow || el); n; n = nextSibling(n)) push(out, n);
  return out;
};
const isWithin = (node, ancestor) => {
  for (let n = node; n; n = above(n)) if (n === ancestor) return true;
  return false;
};
const closest = (el, test) => {
  for (let n = el; n; n = above(n)) if (test(n)) return n;
  return null;
};

// All elements below, those of open shadow roots after their host.
const everything = (root) => remembered('elements', root, () => {
  const out = [];
  const walk = (top) => {
    if (nodeType(top) === 11) meet(top);
    const found = queryAll(top, '*');
    for (let i = 0, n = found.length; i < n; i++) {
      const el = found[i];
      out[out.length] = el;
      const shadow = shadowOf(el);
      if (shadow) walk(shadow);
    }
  };
  if (isElement(root) && shadowOf(root)) walk(shadowOf(root));
  else if (nodeType(root) === 9) meet(root);
  walk(root);
  return out;
});
// The roots in which selectors are tried: the node's own and the shadow roots below it.
const rootsBelow = (root) => {
  const out = [root];
  if (isElement(root) && shadowOf(root)) push(out, shadowOf(root));
  const all = everything(root);
  for (let i = 0; i < all.length; i++) {
    const shadow = shadowOf(all[i]);
    if (shadow) push(out, shadow);
  }
  return out;
};

// Puts elements into the order of the document, each once.
const inOrder = (root, found) => {
  const wanted = new Set();
  for (let i = 0; i < found.length; i++) wanted.add(found[i]);
  if (wanted.size < 2) return found.length ? [found[0]] : [];
  return filter(everything(root), (el) => wanted.has(el));
};

const isFrame = (el) => isTag(el, 'iframe') || isTag(el, 'frame');
// The document in a frame; null where it is of another origin.
const documentIn = (el) => {
  try {
    const doc = isTag(el, 'iframe') ? frameDocument(el) : oldFrameDocument(el);
    if (doc) meet(doc);
    return doc || null;
  } catch { return null; }
};
// The element of the frame that shows a document, where this origin may know it.
const frameOf = (doc) => {
  const view = viewOf(doc);
  return view && doc !== document ? frameOfWindow(view) : null;
};
// Where the content of a frame begins within the viewport it lies in.
const contentOrigin = (frame) => {
  const box = boxOf(frame);
  const style = styleOf(frame);
  const px = (name) => parseFloat(style[name]) || 0;
  return [
    box.left + px('borderLeftWidth') + px('paddingLeft'),
    box.top + px('borderTopWidth') + px('paddingTop'),
  ];
};
// What has to be added to a point of this document for the viewport of the script's document.
const originOf = (doc) => {
  let x = 0;
  let y = 0;
  for (let frame = frameOf(doc); frame; frame = frameOf(documentOf(frame))) {
    const origin = contentOrigin(frame);
    x += origin[0];
    y += origin[1];
    if (documentOf(frame) === document) break;
  }
  return [x, y];
};

// ---- Text.

const SILENT = words('script style noscript template head');
const isSilent = (el) => isHtml(el) && localName(el) in SILENT;
const rendered = (el) => {
  const style = styleOf(el);
  return Boolean(style) && style.display !== 'none';
};
const BUTTONS = words('submit button reset');
const buttonText = (el) => (isInput(el) && inputType(el) in BUTTONS ? inputValue(el) : null);

// The text that is in an element as a reader sees it: without what is not drawn, with space
// between blocks; capital letters as written. Of an element that is not drawn, all its text.
const textOf = (el) => remembered('texts', el, () => fold(collectText(el, isDrawn(el))));
const isDrawn = (el) => {
  for (let n = el; n; n = flatAbove(n)) if (isElement(n) && !rendered(n)) return false;
  return true;
};
const collectText = (el, drawn) => {
  const button = buttonText(el);
  if (button !== null) return button;
  if (isTextArea(el)) return areaValue(el);
  let out = '';
  const children = flatChildren(el);
  const seen = !drawn || styleOf(el).visibility === 'visible';
  for (let i = 0; i < children.length; i++) {
    const node = children[i];
    const type = nodeType(node);
    if (type === 3) { if (seen) out += node.data; continue; }
    if (type !== 1 || isSilent(node)) continue;
    if (isTag(node, 'br')) { out += ' '; continue; }
    if (!drawn) { out += collectText(node, false); continue; }
    const display = styleOf(node).display;
    if (display === 'none') continue;
    const text = collectText(node, true);
    out += display === 'inline' || display === 'contents' ? text : ' ' + text + ' ';
  }
  return out;
};
// Letters only, to rule out whole subtrees quickly; more than is seen, never less.
const dense = (text) => text.replace(/[\s\u200b\u00ad\ufeff]+/g, '');

// ---- What can be seen.

const hasBox = (el) => {
  const box = boxOf(el);
  return box.width > 0 && box.height > 0;
};
const isVisibleHere = (el) => {
  const style = styleOf(el);
  if (!style) return false;
  if (style.display === 'contents') {
    return some(flatChildren(el), (node) => (isElement(node) ? isVisibleHere(node)
      : nodeType(node) === 3 && hasTextBox(node)));
  }
  if (isShownNatively && !isShownNatively(el)) return false;
  return style.visibility === 'visible' && hasBox(el);
};
const hasTextBox = (node) => {
  const range = documentOf(node).createRange();
  range.selectNode(node);
  const box = range.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
};
// Whether a person could see it: it has a box and so has each frame around it.
const isVisible = (el) => {
  if (!isConnected(el) || !isVisibleHere(el)) return false;
  const frame = frameOf(documentOf(el));
  return frame ? isVisible(frame) : true;
};
// Why it cannot be seen.
const whyHidden = (el) => {
  for (let n = el; n; n = flatAbove(n)) {
    const style = styleOf(n);
    const where = n === el ? 'it' : 'its ancestor ' + shownTag(n);
    if (!style || style.display === 'none') return where + ' is not drawn (display: none)';
    if (isUnslotted(n)) return where + ' is in a shadow host that has no slot for it';
  }
  const style = styleOf(el);
  if (style.visibility !== 'visible') {
    return 'it is invisible (visibility: ' + style.visibility + ')';
  }
  if (isShownNatively && !isShownNatively(el)) return 'what is around it is closed';
  const box = boxOf(el);
  if (!hasBox(el)) {
    return 'its box is empty (' + Math.round(box.width) + ' x ' + Math.round(box.height) + ')';
  }
  const frame = frameOf(documentOf(el));
  return frame ? 'the frame around it is hidden: ' + whyHidden(frame) : 'it cannot be seen';
};
// `<div class="card big">`, short.
const shownTag = (el) => {
  const id = attribute(el, 'id');
  const kind = fold(attribute(el, 'class'));
  return '<' + localName(el) + (id ? ' id=' + quote(id) : kind ? ' class=' + quote(brief(kind, 40))
    : '') + '>';
};

// The element that has the keyboard, down into shadow roots and frames.
const focused = (doc) => {
  let el = activeInDocument(doc);
  for (;;) {
    if (!el) return null;
    if (isFrame(el)) {
      const inner = documentIn(el);
      if (!inner) return el;
      el = activeInDocument(inner);
    } else {
      const shadow = shadowOf(el);
      const inner = shadow && activeInShadow(shadow);
      if (!inner) return el;
      el = inner;
    }
  }
};
