// Actionability: whether an element can take what a user is about to do, and whether it did.

// ---- Numbers for elements.

const kept = new Map();
const numbers = new WeakMap();
// Numbers of two documents differ, so that one of a page that is gone means nothing.
let lastNumber = Math.floor(Math.random() * 1e6) * 1000;
const numberOf = (el) => {
  if (!numbers.has(el)) {
    lastNumber += 1;
    numbers.set(el, lastNumber);
    kept.set(lastNumber, new WeakRef(el));
  }
  return numbers.get(el);
};
const elementOf = (number) => {
  const ref = kept.get(number);
  return (ref && ref.deref()) || null;
};

// ---- Where it is.

const CONTROLS = words('input select textarea button option');
const CLICK_ROLES = words('button link checkbox radio switch tab menuitem option');
const clickableAround = (el) => closest(el, (n) => (isHtml(n) && (localName(n) in CONTROLS
  || (isTag(n, 'a') && hasAttribute(n, 'href')))) || saidRole(n) in CLICK_ROLES);
const labelAround = (el) => closest(el, (n) => isTag(n, 'label'));
const FIELD_ACTS = words('fill check select upload focus clear');
// What is meant when a label is named for a field.
const retarget = (el, act) => {
  if (!(act in FIELD_ACTS) || (isHtml(el) && localName(el) in CONTROLS)) return el;
  if (act === 'fill' && isHtml(el) && isEditableText(el)) return el;
  if (act === 'check' && checkedOf(el) !== null) return el;
  const label = labelAround(el);
  return (label && labelControl(label)) || el;
};

const sizeOf = (doc) => {
  const root = documentRoot(doc);
  const view = viewOf(doc);
  return [(root && root.clientWidth) || view.innerWidth, view.innerHeight];
};
// The part of a box that lies in the viewport of its document; null for none.
const inView = (doc, box) => {
  const size = sizeOf(doc);
  const left = Math.max(0, box.left);
  const top = Math.max(0, box.top);
  const right = Math.min(size[0], box.right);
  const bottom = Math.min(size[1], box.bottom);
  return right - left >= 1 && bottom - top >= 1 ? { left, top, right, bottom } : null;
};
// The point of an element that is pressed, in its own document; null while it is out of view.
const pointOf = (el, at) => {
  const doc = documentOf(el);
  if (at) {
    const box = boxOf(el);
    const x = box.left + Number(at[0]);
    const y = box.top + Number(at[1]);
    return inView(doc, { left: x, top: y, right: x + 1, bottom: y + 1 }) ? [x, y] : null;
  }
  const boxes = boxesOf(el);
  for (let i = 0; i < boxes.length; i++) {
    const part = boxes[i].width > 0 && boxes[i].height > 0 ? inView(doc, boxes[i]) : null;
    if (part) return [(part.left + part.right) / 2, (part.top + part.bottom) / 2];
  }
  const part = boxes.length ? null : inView(doc, boxOf(contentBox(el)));
  return part && [(part.left + part.right) / 2, (part.top + part.bottom) / 2];
};
// An element that has a box: the first one inside of what has none (display: contents).
const contentBox = (el) => {
  if (boxesOf(el).length) return el;
  return find(everything(el), hasBox) || el;
};
// Whether each frame around it shows the point.
const shownByFrames = (doc, point) => {
  const frame_ = frameOf(doc);
  if (!frame_) return true;
  const origin = contentOrigin(frame_);
  const x = point[0] + origin[0];
  const y = point[1] + origin[1];
  const outer = documentOf(frame_);
  return Boolean(inView(outer, { left: x, top: y, right: x + 1, bottom: y + 1 }))
    && shownByFrames(outer, [x, y]);
};

const ALIGNMENTS = [
  { block: 'center', inline: 'center', behavior: 'instant' },
  { block: 'end', inline: 'end', behavior: 'instant' },
  { block: 'start', inline: 'start', behavior: 'instant' },
  { block: 'nearest', inline: 'nearest', behavior: 'instant' },
];
const bring = (el, turn) => scrollTo(contentBox(el), ALIGNMENTS[turn % ALIGNMENTS.length]);

// ---- What is at a point.

const deepest = (doc, x, y) => {
  let el = pointInDocument(doc, x, y);
  while (el) {
    const shadow = shadowOf(el);
    const inner = shadow && pointInShadow(shadow, x, y);
    if (!inner || inner === el || !isWithin(inner, el)) return el;
    el = inner;
  }
  return el;
};
// Whether what happens at `hit` happens to `el`.
const reaches = (hit, el) => {
  if (!hit) return false;
  if (isWithin(hit, el)) return true;
  const label = labelAround(hit);
  if (label && (labelControl(label) === el || isSameLabel(hit, el, label))) return true;
  // Inside of one button all places are the same.
  const button = clickableAround(el);
  return Boolean(button) && clickableAround(hit) === button;
};
// Both in one label, and what is hit does nothing else than the label does.
const isSameLabel = (hit, el, label) => {
  const button = clickableAround(hit);
  return labelAround(el) === label && (!button || button === labelControl(label));
};
// What lies over the point: null for nothing, else the element (or `true` for the window's edge).
const coverAt = (el, x, y) => {
  const doc = documentOf(el);
  const hit = deepest(doc, x, y);
  if (!reaches(hit, el)) return hit || true;
  const around = frameOf(doc);
  if (!around || doc === document) return null;
  const origin = contentOrigin(around);
  return coverAt(around, x + origin[0], y + origin[1]);
};

// ---- Standing still.

const isAnimated = (el) => {
  const doc = documentOf(el);
  if (typeof doc.getAnimations !== 'function') return false;
  const all = doc.getAnimations();
  return some(all, (animation) => {
    const target = animation.effect && animation.effect.target;
    return target && animation.playState === 'running' && isWithin(el, target);
  });
};
const sameBox = (a, b) => a.left === b.left && a.top === b.top && a.width === b.width
  && a.height === b.height;
// Where an element is in the viewport of the script's document.
const boxInWindow = (el) => {
  const box = boxOf(contentBox(el));
  const origin = originOf(documentOf(el));
  return { left: box.left + origin[0], top: box.top + origin[1], width: box.width,
    height: box.height };
};
// Throws until its box was the same in two frames after one another; in three when it has just
// come or something around it is animated.
const demandStill = (el, memory, state) => {
  const box = boxInWindow(el);
  if (memory.el !== el || !memory.box || !sameBox(memory.box, box)) {
    const moved = memory.el === el && memory.box;
    memory.el = el;
    memory.box = box;
    memory.frame = state.frame;
    memory.calm = 0;
    state.eager = true;
    throw moved ? new Stop('moving', shown(el) + ' is moving', {}) : notYetStill(el, memory);
  }
  if (state.frame > memory.frame) {
    memory.frame = state.frame;
    memory.calm += 1;
  }
  const frames = memory.late || isAnimated(el) ? 2 : 1;
  if (memory.calm < frames) {
    state.eager = true;
    throw notYetStill(el, memory);
  }
};
// While it is watched again after scrolling, what was wrong before is still the reason.
const notYetStill = (el, memory) => (memory.reason && memory.reasonOf === el ? memory.reason
  : new Stop('moving', shown(el) + ' has not been still yet', {}));

// ---- What it lets users do.

const disabledAround = (el) => {
  const control = clickableAround(el) || el;
  return disabledNatively(control) || disabledNatively(el)
    || Boolean(closest(el, (n) => flag(n, 'aria-disabled') === 'true'));
};
const isReadonly = (el) => {
  if (isTextArea(el) || isInput(el)) {
    return hasAttribute(el, 'readonly') || flag(el, 'aria-readonly') === 'true';
  }
  if (isSelect(el)) return flag(el, 'aria-readonly') === 'true';
  return flag(el, 'aria-readonly') === 'true' || !isHtml(el) || !isEditableText(el);
};
const demandVisible = (el) => {
  if (!isConnected(el)) throw new Stop('detached', shown(el) + ' is no longer in the page', {});
  if (!isVisible(el)) {
    throw new Stop('hidden', shown(el) + ' cannot be seen: ' + whyHidden(el), {});
  }
};
const demandEnabled = (el) => {
  if (disabledAround(el)) throw new Stop('disabled', shown(el) + ' is disabled', {});
};
const demandEditable = (el) => {
  if (isReadonly(el)) throw new Stop('readonly', shown(el) + ' is read-only', {});
};

// The element that takes the pointer for `el`: a checkbox that cannot be seen is set by its label.
const pointerTarget = (el, act) => {
  if (act !== 'check' && act !== 'click') return el;
  const type = isInput(el) ? inputType(el) : '';
  if ((type !== 'checkbox' && type !== 'radio') || isVisible(el)) return el;
  return find(labelsOf(el), isVisible) || el;
};
// Elements whose events go elsewhere: into the document inside, or to the engine's own menus.
const CLOSED = words('iframe frame embed object');
const MENUED = words('select option optgroup');
const POINTER_ACTS = words('click hover check drag drop');

const checkReady = (argument, memory, state) => {
  const act = argument.for || 'click';
  const found = theOne(argument);
  const el = retarget(found, act);
  if (act === 'upload') {
    if (!isInput(el) || inputType(el) !== 'file') {
      throw notFillable(el, 'takes no files: it is ' + shownTag(el));
    }
    demandEnabled(el);
    return { el, target: el, point: null };
  }
  const target = pointerTarget(el, act);
  if (argument.force) {
    if (!pointOf(target, argument.at)) bring(target, 0);
    return { el, target, point: pointOf(target, argument.at) || centre(target) };
  }
  demandVisible(target);
  if (memory.el !== target) memory.late = state.late;
  let point = pointOf(target, argument.at);
  if ((!point || !shownByFrames(documentOf(target), point)) && memory.turn < ALIGNMENTS.length) {
    bring(target, memory.turn);
    memory.turn += 1;
    memory.box = null;
    point = pointOf(target, argument.at);
  }
  if (act !== 'hover' && act !== 'scroll' && act !== 'focus' && act !== 'drop') {
    demandEnabled(el);
  }
  demandStill(target, memory, state);
  if (act === 'fill') demandEditable(el);
  if (!point) {
    throw new Stop('outside', shown(target) + ' cannot be scrolled into view', {});
  }
  if (act in POINTER_ACTS) demandReachable(target, point, argument.at, memory, state);
  return { el, target, point };
};
const centre = (el) => {
  const box = boxOf(contentBox(el));
  return [box.left + box.width / 2, box.top + box.height / 2];
};
const demandReachable = (el, point, at, memory, state) => {
  const cover = coverAt(el, point[0], point[1]);
  if (!cover) return;
  // Another place in the window may be free: not under a bar that stays where it is.
  if (memory.turn < ALIGNMENTS.length) {
    bring(el, memory.turn);
    memory.turn += 1;
    memory.box = null;
    state.eager = true;
  } else if (now() - memory.turned > 500) {
    memory.turned = now();
    memory.turn = 0;
  }
  memory.reasonOf = el;
  memory.reason = cover === true
    ? new Stop('outside', shown(el) + ' is outside of what the window shows', { point })
    : new Stop('covered', shown(el) + ' is covered by ' + shown(cover), {
      by: shown(cover), point,
    });
  throw memory.reason;
};

// What is remembered from look to look.
const freshMemory = () => ({
  el: null, box: null, frame: 0, calm: 0, late: false, turn: 0, turned: now(), reason: null,
  reasonOf: null,
});
const ready = async (argument) => {
  const began = now();
  // What was watched before is over; only a drag goes on until it is dropped.
  if (argument.for !== 'drop') {
    armed.forEach((_, number) => disarm(number));
    endLead();
  }
  const memory = freshMemory();
  const first_ = await until(timeoutOf(argument), (state) => checkReady(argument, memory, state));
  return look(() => readyAnswer(argument, first_, now() - began));
};
const readyAnswer = (argument, found, waited) => {
  const { el, target, point } = found;
  const act = argument.for || 'click';
  const doc = documentOf(target);
  const origin = originOf(doc);
  const box = boxInWindow(target);
  const answer = {
    ok: true, element: numberOf(el), rect: [box.left, box.top, box.width, box.height],
    point: point ? [point[0] + origin[0], point[1] + origin[1]] : null,
    scroll: [window.scrollX, window.scrollY], shown: shown(el), tag: localName(el),
    type: isInput(el) ? inputType(el) : null, checked: checkedOf(el), waited,
  };
  const closed = isHtml(target) && localName(target) in CLOSED;
  if (act in POINTER_ACTS && !argument.force && !closed) arm(el, target, act, argument);
  if (act === 'click' || act === 'check') watchLead(doc);
  return answer;
};

// ---- Whether what was done came there.

const armed = new Map();
const DOWN = words('pointerdown mousedown touchstart');
const DONE = words('click auxclick contextmenu dblclick');
const WATCHED = {
  click: 'pointerdown mousedown touchstart pointerup mouseup touchend click auxclick dblclick '
    + 'contextmenu',
  check: 'pointerdown mousedown touchstart pointerup mouseup touchend click',
  hover: 'pointermove mousemove pointerover mouseover',
  drag: 'pointerdown mousedown touchstart dragstart',
  drop: 'pointerup mouseup touchend drop dragover dragenter pointermove mousemove',
};
const ACTIVE = { capture: true, passive: false };
// Watches what the pointer does from now on. What was meant for the element but would come to
// another one is kept from it, so that it can be tried again.
const arm = (el, target, act, argument) => {
  const number = numberOf(el);
  disarm(number);
  const watch = { el, target, act, argument, events: [], blocked: false, stop: () => {} };
  const types = WATCHED[act].split(' ');
  const heard = (event) => {
    if (!event.isTrusted) return;
    const path = event.composedPath();
    const hit = path[0];
    const node = hit && hit.nodeType === 3 ? above(hit) : hit;
    const there = node && nodeTypeSafely(node) === 1 ? node : null;
    const inside = Boolean(there) && look(() => reaches(there, target));
    if (act !== 'hover' && act !== 'drop' && event.type in DOWN) watch.blocked = !inside;
    push(watch.events, { type: event.type, inside, node: there });
    if (watch.blocked) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  const views = [];
  for (let doc = documentOf(target); doc; ) {
    push(views, viewOf(doc));
    const around = doc === document ? null : frameOf(doc);
    doc = around ? documentOf(around) : null;
  }
  // The windows around only see what does not come into the frame.
  for (let i = 0; i < views.length; i++) {
    for (let j = 0; j < types.length; j++) listen(views[i], types[j], heard, ACTIVE);
  }
  const stopTimer = after(10000, () => disarm(number));
  watch.stop = () => {
    stopTimer();
    for (let i = 0; i < views.length; i++) {
      for (let j = 0; j < types.length; j++) unlisten(views[i], types[j], heard, ACTIVE);
    }
  };
  armed.set(number, watch);
};
const nodeTypeSafely = (node) => { try { return nodeType(node); } catch { return 0; } };
const disarm = (number) => {
  const watch = armed.get(number);
  if (watch) watch.stop();
  armed.delete(number);
  return watch;
};

const landed = async (argument) => {
  const number = Number(argument.element);
  const watch = armed.get(number);
  // The page it was on is gone: it had its effect.
  if (!watch) return { ok: true };
  for (let i = 0; i < 3 && !hasLanded(watch) && !watch.blocked; i++) await frame();
  disarm(number);
  if (hasLanded(watch)) return { ok: true, leads: Boolean(led) && leads(led) };
  endLead();
  return { ok: false, why: look(() => whyMissed(watch)), blocked: watch.blocked };
};
const hasLanded = (watch) => {
  const events = watch.events;
  if (watch.act === 'hover' || watch.act === 'drop') {
    return events.length > 0 && events[events.length - 1].inside;
  }
  const down = some(events, (e) => e.type in DOWN && e.inside);
  if (watch.act === 'drag' || !down) return down;
  if (isHtml(watch.target) && localName(watch.target) in MENUED) return true;
  if (some(events, (e) => e.type in DONE && e.inside)) return true;
  // It went away when it was pressed, and nothing has come in its place: it was taken.
  return !isConnected(watch.target) && !isReplaced(watch);
};
const isReplaced = (watch) => {
  try { return look(() => allOf(watch.argument)).length > 0; } catch { return false; }
};
const whyMissed = (watch) => {
  const name = shown(watch.el);
  if (!isConnected(watch.target)) {
    return { kind: 'detached', message: name + ' was replaced while it was being used' };
  }
  const other = find(watch.events, (e) => !e.inside && e.node);
  if (other) {
    return {
      kind: 'covered', by: shown(other.node),
      message: 'what was meant for ' + name + ' came to ' + shown(other.node),
    };
  }
  return { kind: 'missed', message: 'no pointer event came to ' + name };
};
