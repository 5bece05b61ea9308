// What can be asked: the functions of the object, each with one JSON argument.

const crossAnswer = (end, argument, wrap) => {
  const inner = { ...argument, frame: end.rest };
  if (end.plain !== undefined) inner.locator = end.plain;
  return {
    cross: numberOf(end.frame), rest: end.rest.length, argument: wrap ? wrap(inner) : inner,
  };
};

const read = async (argument) => {
  const from = argument.from;
  if (from === 'url') return { ok: true, value: window.location.href };
  if (from === 'title') return { ok: true, value: document.title };
  if (from === 'count') return { ok: true, value: look(() => allOf(argument)).length };
  const value = await until(timeoutOf(argument), () => {
    const el = theOne(argument);
    if (from === 'text') return { value: textOf(el) };
    if (from === 'value') return { value: valuesOf(el) };
    if (from === 'attribute') return { value: attribute(el, String(argument.attribute)) };
    throw new Stop('bad-locator', 'nothing can be read from ' + quote(from), {}, true);
  });
  return { ok: true, value: value.value };
};
const near = (argument) => look(() => {
  const asked = unframed(argument.frame, argument.locator);
  const options = optionsOf(argument);
  return { near: nearest(asked.locator, enter(asked.frames, options), options) };
});
const aria = async (argument) => {
  if (argument.locator === undefined || argument.locator === null) {
    return look(() => ({ ok: true, text: snapshot(documentElementFor(argument)) }));
  }
  return await until(timeoutOf(argument), () => ({ ok: true, text: snapshot(theOne(argument)) }));
};
// All that is told of a page as its test ends, at once. What it keeps is told by name alone.
const whole = async () => {
  const { local, session } = storage();
  const tree = await aria({});
  return {
    ok: true, title: document.title, aria: tree.text, local: keysOf(local),
    session: keysOf(session), vitals: vitals(),
  };
};
const rect = (argument) => until(timeoutOf(argument), () => {
  const el = theOne(argument);
  demandVisible(el);
  const box = boxInWindow(el);
  return {
    ok: true,
    rect: [box.left + window.scrollX, box.top + window.scrollY, box.width, box.height],
  };
});
const keep = (argument) => until(timeoutOf(argument), () => {
  const el = theOne(argument);
  return { ok: true, element: numberOf(el), shown: shown(el), tag: localName(el) };
});
const offset = (argument) => look(() => {
  const el = elementOf(Number(argument.element));
  if (!el || !isConnected(el)) throw new Stop('detached', 'the frame is no longer there', {});
  const inner = contentOrigin(el);
  const outer = originOf(documentOf(el));
  return { ok: true, point: [inner[0] + outer[0], inner[1] + outer[1]] };
});

// Pages give lists and objects a `toJSON` of their own; what is answered keeps clear of it.
const unmarked = (value) => {
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.toJSON === 'function') {
    Object.defineProperty(value, 'toJSON', { value: undefined, enumerable: false });
  }
  const keys = keysOf(value);
  for (let i = 0; i < keys.length; i++) unmarked(value[keys[i]]);
  return value;
};
const answering = (f) => async (argument) => {
  const asked = argument || {};
  try {
    return unmarked(await f(asked));
  } catch (end) {
    if (end instanceof Cross) return unmarked(look(() => crossAnswer(end, asked)));
    if (end instanceof Stop) return unmarked({ ok: false, why: end.why });
    throw end;
  }
};

const ANSWERS = {
  ready, landed, fill, clear, focus: focusField, scroll: scrollField, select: choose, expect,
  read, aria, near, rect, mask, unmask, freeze, thaw, storage, restore, vitals, messages, keep,
  offset, whole, watch: watchKeys, left,
};
const object = {};
map(keysOf(ANSWERS), (name) => { object[name] = answering(ANSWERS[name]); });
// JSON text of an answer, for channels whose way back goes through what the page may have changed.
object.text = written;
// The element with a number, for channels that hand elements on.
object.element = elementOf;
return object;
