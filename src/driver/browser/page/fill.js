// Fields: setting what they hold, with the events that a user causes.

const setInput = writer(HTMLInputElement, 'value');
const setArea = writer(HTMLTextAreaElement, 'value');
const selectInput = method(HTMLInputElement, 'select');
const selectArea = method(HTMLTextAreaElement, 'select');
const setSelected = writer(HTMLOptionElement, 'selected');
const command = method(Document, 'execCommand');

const TYPED = words('text search url tel email password number');
// Types whose value is picked, and how it is written.
const PICKED = {
  date: '2026-11-25', time: '13:45', 'datetime-local': '2026-11-25T13:45', month: '2026-11',
  week: '2026-W48', color: '#12ab9f', range: '42',
};
const OTHERWISE = {
  checkbox: 'use check or uncheck', radio: 'use check', file: 'use upload', button: 'use click',
  submit: 'use click', reset: 'use click', image: 'use click', hidden: 'users cannot fill it',
};

const valueOf = (el) => {
  if (isInput(el)) return inputValue(el);
  if (isTextArea(el)) return areaValue(el);
  if (isSelect(el)) return selectValue(el);
  return null;
};
const notFillable = (el, message) => new Stop('not-fillable', shown(el) + ' ' + message, {}, true);

// Whether text can be put there at all; throws what to do instead.
const demandField = (el, text) => {
  if (isTextArea(el)) return;
  if (isInput(el)) {
    const type = inputType(el);
    if (own(OTHERWISE, type)) {
      throw notFillable(el, 'is an input of type ' + type + ': ' + OTHERWISE[type]);
    }
    if (type === 'number' && text !== '' && !/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) {
      throw notFillable(el, 'takes a number, not ' + quote(text));
    }
    return;
  }
  if (isSelect(el)) throw notFillable(el, 'is a list to choose from: use select');
  if (isHtml(el) && isEditableText(el)) return;
  if (isHtml(el) && flag(el, 'aria-readonly') === 'true') return;
  throw notFillable(el, 'is not a field: it is ' + shownTag(el));
};

// The events of the view that the element lives in.
const eventFor = (el, type, kind, more) => {
  const view = viewOf(documentOf(el)) || window;
  return new view[kind](type, { bubbles: true, composed: type === 'input', ...more });
};
const tell = (el) => {
  send(el, eventFor(el, 'input', 'Event', {}));
  send(el, eventFor(el, 'change', 'Event', {}));
};
const takeFocus = (el) => {
  if (focused(document) !== el) focusOn(el);
};

// Puts a value where a user would pick it.
const pick = (el, text) => {
  const type = inputType(el);
  const wanted = type === 'color' ? text.trim().toLowerCase() : text.trim();
  const before = inputValue(el);
  takeFocus(el);
  setInput(el, wanted);
  const is = inputValue(el);
  const same = is === wanted || (type === 'range' && Number(is) === Number(wanted))
    || (type !== 'color' && is !== '' && (is + ':00' === wanted || wanted.startsWith(is)));
  if (!same) {
    setInput(el, before);
    throw notFillable(el, 'takes no ' + quote(text) + ': a ' + type + ' is written like '
      + PICKED[type]);
  }
  tell(el);
};
// Types a text in place of what is there.
const type = (el, text) => {
  const doc = documentOf(el);
  takeFocus(el);
  chooseAll(el);
  let heard = false;
  const hear = () => { heard = true; };
  const view = viewOf(doc);
  listen(view, 'input', hear, QUIET);
  const before = contentNow(el);
  if (!announce(el, text)) return;
  try {
    if (text !== '') command(doc, 'insertText', false, text);
    else if (before !== '') command(doc, 'delete', false);
  } finally { unlisten(view, 'input', hear, QUIET); }
  // An editor may take the text its own way; a field that heard nothing is set.
  if (heard || contentNow(el) === text || fold(contentNow(el)) === fold(text)) return;
  if (isInput(el)) setInput(el, text);
  else if (isTextArea(el)) setArea(el, text);
  else setText(el, text);
  send(el, eventFor(el, 'input', 'InputEvent', { inputType: 'insertText', data: text }));
  send(el, eventFor(el, 'change', 'Event', {}));
};
// Tells that text is about to come in, where the engine does not when a script brings it. False
// where the page takes it its own way.
const announces = navigator.vendor.startsWith('Apple');
const announce = (el, text) => announces || (text === '' && contentNow(el) === '')
  || send(el, eventFor(el, 'beforeinput', 'InputEvent', {
    cancelable: true, composed: true, data: text === '' ? null : text,
    inputType: text === '' ? 'deleteContentBackward' : 'insertText',
  }));
const setText = writer(Node, 'textContent');
const contentNow = (el) => {
  const value = valueOf(el);
  return value === null ? rawText(el) : value;
};
const chooseAll = (el) => {
  if (isInput(el)) { selectInput(el); return; }
  if (isTextArea(el)) { selectArea(el); return; }
  const doc = documentOf(el);
  const range = doc.createRange();
  range.selectNodeContents(el);
  const selection = viewOf(doc).getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
};

const setField = (el, text) => {
  if (isInput(el) && own(PICKED, inputType(el)) && text !== '') pick(el, text);
  else if (isInput(el) && !(inputType(el) in TYPED)) {
    setInput(el, text);
    tell(el);
  } else type(el, text);
};

const fill = async (argument) => {
  const began = now();
  const text = String(argument.text == null ? '' : argument.text);
  const memory = freshMemory();
  const el = await until(timeoutOf(argument), () => {
    const found = retarget(theOne(argument), 'fill');
    demandField(found, text);
    return demandUsable(found, memory);
  });
  return look(() => {
    setField(el, text);
    return { ok: true, waited: now() - began, shown: shown(el), element: numberOf(el) };
  });
};
// What is filled may move; it has to be seen, enabled and open for writing.
const demandUsable = (el, memory) => {
  demandVisible(el);
  demandEnabled(el);
  demandEditable(el);
  if (!pointOf(el, null) && memory.turn === 0) {
    bring(el, 0);
    memory.turn = 1;
  }
  return el;
};
const clear = (argument) => fill({ ...argument, text: '' });

const focusField = async (argument) => {
  const began = now();
  const el = await until(timeoutOf(argument), () => {
    const found = retarget(theOne(argument), 'focus');
    if (!isConnected(found)) throw new Stop('detached', 'it is no longer in the page', {});
    return found;
  });
  return look(() => {
    takeFocus(el);
    return { ok: true, waited: now() - began, shown: shown(el), element: numberOf(el) };
  });
};

const scrollField = async (argument) => {
  const began = now();
  const el = await until(timeoutOf(argument), () => {
    const found = theOne(argument);
    demandVisible(found);
    return found;
  });
  if (argument.by) {
    scrollPart(el, { left: Number(argument.by[0]), top: Number(argument.by[1]),
      behavior: 'instant' });
  } else if (!look(() => pointOf(el, null))) bring(el, 0);
  await frame();
  return look(() => ({ ok: true, waited: now() - began, shown: shown(el), element: numberOf(el) }));
};

// ---- Choosing from a list.

const optionsIn = (el) => filter(everything(el), (n) => isTag(n, 'option'));
const choose = async (argument) => {
  const began = now();
  const wanted = map(listOf(argument.options), String);
  const chosen = await until(timeoutOf(argument), () => {
    const el = retarget(theOne(argument), 'select');
    if (!isSelect(el)) {
      throw notFillable(el, 'is not a <select>: it is ' + shownTag(el)
        + '; click it, then its option');
    }
    demandVisible(el);
    demandEnabled(el);
    if (wanted.length > 1 && !selectMultiple(el)) {
      throw notFillable(el, 'takes one option, not ' + wanted.length);
    }
    return { el, options: map(wanted, (text) => optionNamed(el, text)) };
  });
  return look(() => {
    const { el, options } = chosen;
    takeFocus(el);
    const all = optionsIn(el);
    if (selectMultiple(el)) {
      for (let i = 0; i < all.length; i++) setSelected(all[i], has(options, all[i]));
    } else if (options.length) setSelected(options[0], true);
    tell(el);
    return { ok: true, waited: now() - began, shown: shown(el), element: numberOf(el) };
  });
};
const optionNamed = (el, text) => {
  const all = optionsIn(el);
  const option = find(all, (o) => fold(optionText(o)) === fold(text))
    || find(all, (o) => fold(rawText(o)) === fold(text))
    || find(all, (o) => optionValue(o) === text);
  if (!option) {
    const names = map(all, (o) => fold(optionText(o)));
    throw new Stop('no-option', shown(el) + ' has no option ' + quote(text) + '; it has '
      + (names.length ? join(map(first(names, 10), quote), ', ') : 'none')
      + (names.length > 10 ? ', ...' : ''), { options: first(names, 50) });
  }
  if (disabledNatively(option)) {
    throw new Stop('disabled', 'option ' + quote(text) + ' of ' + shown(el) + ' is disabled', {});
  }
  return option;
};
