// The page as its users are told of it: the ARIA snapshot, and comparing with one.

const VALUED = words('textbox searchbox combobox spinbutton slider');
const PLAIN = words('generic none');
const TEXT_BLOCKS = words('paragraph');

// The tree: `{role, name, states, props, children}`, with texts as strings among the children.
const ariaTree = (el) => {
  const top = { role: 'fragment', name: '', states: [], props: [], children: [] };
  visitAria(el, top);
  tidyTree(top);
  return top;
};
const visitAria = (node, into) => {
  const type = nodeType(node);
  if (type === 3) {
    const parent = flatAbove(node);
    if (!parent || styleOf(parent).visibility === 'visible') addText(into, node.data);
    return;
  }
  if (type !== 1 || isSilent(node)) return;
  if (isTag(node, 'br')) { addText(into, ' '); return; }
  const style = styleOf(node);
  if (!style || style.display === 'none' || isCutOff(node)) return;
  if (ownerOf(node) && into.el !== ownerOf(node) && !into.owned) return;
  const role = roleOf(node);
  const visible = style.display === 'contents' || style.visibility === 'visible';
  const spaced_ = style.display !== 'inline' && style.display !== 'contents';
  if (!visible || role === null || role in PLAIN) {
    if (spaced_) addText(into, ' ');
    visitBelow(node, into);
    if (spaced_) addText(into, ' ');
    return;
  }
  const item = {
    role: roleWritten(role), name: nameOf(node), states: statesWritten(node, role),
    props: propsWritten(node, role), children: [], el: node,
  };
  push(into.children, item);
  if (isField(node)) {
    const value = isSelect(node) || role === 'checkbox' || role === 'radio' ? null : valueOf(node);
    if (isSelect(node)) visitBelow(node, item);
    else if (value !== null && role in VALUED) addText(item, value);
    return;
  }
  visitBelow(node, item);
};
const isField = (el) => isInput(el) || isTextArea(el) || isSelect(el);
const roleWritten = (role) => (role === 'image' ? 'img' : role === 'graphics-document' ? 'img'
  : role);
const visitBelow = (el, into) => {
  if (isFrame(el)) {
    const doc = documentIn(el);
    if (doc && documentBody(doc)) visitAria(documentBody(doc), into);
    return;
  }
  addText(into, pseudoText(el, '::before'));
  const children = flatChildren(el);
  for (let i = 0; i < children.length; i++) visitAria(children[i], into);
  const owned = referenced(el, 'aria-owns');
  for (let i = 0; i < owned.length; i++) {
    if (isWithin(el, owned[i]) || has(children, owned[i])) continue;
    into.owned = true;
    visitAria(owned[i], into);
    into.owned = false;
  }
  addText(into, pseudoText(el, '::after'));
};
const addText = (into, text) => {
  if (!text) return;
  const last = into.children.length - 1;
  if (last >= 0 && typeof into.children[last] === 'string') into.children[last] += text;
  else push(into.children, text);
};
const tidyTree = (item) => {
  const children = [];
  for (let i = 0; i < item.children.length; i++) {
    const child = item.children[i];
    if (typeof child !== 'string') { tidyTree(child); push(children, child); continue; }
    const text = fold(child);
    if (text) push(children, text);
  }
  // A text that only says the name again is left out.
  item.children = children.length === 1 && children[0] === item.name ? [] : children;
};
const statesWritten = (el, role) => {
  const out = [];
  const level = role === 'heading' || attribute(el, 'aria-level') ? levelOf(el) : null;
  const checked = role in CHECKABLE ? checkedOf(el) : null;
  const add = (name, value) => {
    if (value === true) push(out, name);
    else if (value === 'mixed') push(out, name + '=mixed');
  };
  add('checked', checked);
  add('disabled', disabledOf(el));
  add('expanded', expandedOf(el));
  if (level !== null) push(out, 'level=' + level);
  add('pressed', pressedOf(el));
  add('selected', selectedOf(el));
  return out;
};
const propsWritten = (el, role) => {
  const out = [];
  if (role === 'link' && attribute(el, 'href') !== null) push(out, ['url', attribute(el, 'href')]);
  const hint = fold(attribute(el, 'placeholder'));
  if (hint && isField(el) && hint !== nameOf(el)) push(out, ['placeholder', hint]);
  return out;
};

// ---- Written as YAML.

const plainYaml = (text) => text !== '' && !/^[\s\-?:,[\]{}#&*!|>'"%@`]|[:#]\s|\s#|:$|\s$|[\n\t\\]/
  .test(text) && !/^(true|false|null|yes|no|on|off|~|[-+.\d][\d._eE+-]*)$/i.test(text);
const yamlText = (text) => (plainYaml(text) ? text : written(text));
const yamlKey = (text) => (/^[\w-]+( ("[^"'\\]*"|\[[\w=-]+\]))*$/.test(text) && !text.includes(': ')
  ? text : "'" + text.replace(/'/g, "''") + "'");
const headOf = (item) => item.role + (item.name ? ' ' + written(item.name) : '')
  + join(map(item.states, (state) => ' [' + state + ']'), '');
// Lines with what they stand for: `{depth, text, item}`.
const linesOf = (item, depth, out) => {
  for (let i = 0; i < item.children.length; i++) {
    const child = item.children[i];
    if (typeof child === 'string') {
      push(out, { depth, text: '- text: ' + yamlText(child), item: child });
      continue;
    }
    const key = yamlKey(headOf(child));
    const only_ = !child.props.length && child.children.length === 1
      && typeof child.children[0] === 'string' ? child.children[0] : null;
    if (only_ !== null) {
      push(out, { depth, text: '- ' + key + ': ' + yamlText(only_), item: child });
      continue;
    }
    const more = child.props.length + child.children.length;
    push(out, { depth, text: '- ' + key + (more ? ':' : ''), item: child });
    for (let j = 0; j < child.props.length; j++) {
      const prop = child.props[j];
      push(out, { depth: depth + 1, text: '- /' + prop[0] + ': ' + yamlText(prop[1]), item: prop });
    }
    linesOf(child, depth + 1, out);
  }
  return out;
};
const indent = (line) => '  '.repeat(line.depth) + line.text;
const snapshot = (el) => join(map(linesOf(ariaTree(el), 0, []), indent), '\n');

// ---- Reading what is wanted.

const badAria = (line, message) => new Stop('bad-locator', 'the ARIA snapshot cannot be read at '
  + quote(line) + ': ' + message, {}, true);
// The wanted tree: `{role, name, states, props, children, text, line}`; `name`, texts and
// properties may be patterns.
const readAria = (source) => {
  const top = { role: 'fragment', children: [], depth: -1, exact: false, props: [] };
  const stack = [top];
  const lines = source.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const raw = lines[i];
    if (!raw.trim() || raw.trim()[0] === '#') continue;
    const found = /^(\s*)- ?(.*)$/.exec(raw);
    if (!found) throw badAria(raw.trim(), 'each line begins with "- "');
    const depth = found[1].length;
    while (stack.length > 1 && stack[stack.length - 1].depth >= depth) stack.length -= 1;
    const parent = stack[stack.length - 1];
    if (parent.text) throw badAria(raw.trim(), 'a text has nothing inside');
    readLine(found[2].trim(), parent, depth, stack);
  }
  return top;
};
const readLine = (line, parent, depth, stack) => {
  const split = splitEntry(line);
  const key = split.key;
  const value = split.value;
  if (key[0] === '/') {
    if (key === '/children') parent.exact = value === 'equal' || value === 'deep-equal';
    else push(parent.props, [key.slice(1), wantedValue(value)]);
    return;
  }
  if (key === 'text') {
    push(parent.children, { text: wantedValue(value || ''), line, depth });
    return;
  }
  const item = readHead(key, line);
  item.depth = depth;
  item.line = line;
  if (value !== null && value !== '') {
    push(item.children, { text: wantedValue(value), line: '', depth: depth + 1 });
  }
  push(parent.children, item);
  push(stack, item);
};
// `key: value` or `key:` or `key`; keys may be in quotes, as YAML has it.
const splitEntry = (line) => {
  if (line[0] === "'" || line[0] === '"') {
    const end = quoteEnd(line, 0);
    const key = unquote(line.slice(0, end));
    const rest = line.slice(end).trim();
    return { key, value: rest[0] === ':' ? unquote(rest.slice(1).trim()) : null };
  }
  let quoted = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (quoted) {
      if (c === '\\') i += 1;
      else if (c === quoted) quoted = '';
    } else if (c === '"' || (c === '/' && i > 0 && line[i - 1] === ' ')) quoted = c;
    else if (c === ':' && (i + 1 === line.length || line[i + 1] === ' ')) {
      return { key: line.slice(0, i).trim(), value: unquote(line.slice(i + 1).trim()) };
    }
  }
  return { key: line.trim(), value: null };
};
const quoteEnd = (text, from) => {
  const mark = text[from];
  for (let i = from + 1; i < text.length; i++) {
    if (mark === '"' && text[i] === '\\') { i += 1; continue; }
    if (text[i] !== mark) continue;
    if (mark === "'" && text[i + 1] === "'") { i += 1; continue; }
    return i + 1;
  }
  return text.length;
};
const unquote = (text) => {
  if (text.length > 1 && text[0] === "'" && text[text.length - 1] === "'") {
    return text.slice(1, -1).replace(/''/g, "'");
  }
  if (text.length > 1 && text[0] === '"' && text[text.length - 1] === '"') {
    try { return parseJson(text); } catch { return text.slice(1, -1); }
  }
  return text;
};
const readPattern = (source, flags) => {
  try { return new RegExp(source, flags); } catch (error) {
    throw badAria('/' + source + '/' + flags, error.message);
  }
};
// A text, or `/pattern/`.
const wantedValue = (text) => {
  const found = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return found ? { pattern: readPattern(found[1], found[2]), said: text } : { plain: fold(text) };
};
const valueFits = (wanted, is) => (wanted.pattern ? wanted.pattern.test(is)
  : wanted.plain === fold(is));
const readHead = (key, line) => {
  const found = /^([a-z-]+)\s*(.*)$/.exec(key);
  if (!found) throw badAria(line, 'it begins with a role');
  if (!(found[1] in ROLES) && found[1] !== 'iframe' && found[1] !== 'fragment') {
    throw badAria(line, 'there is no role ' + quote(found[1]) + alike(found[1]));
  }
  const item = { role: roleWord(found[1]), name: null, states: [], props: [], children: [] };
  let rest = found[2];
  if (rest[0] === '"' || rest[0] === "'") {
    const end = quoteEnd(rest, 0);
    item.name = { plain: fold(unquote(rest.slice(0, end))) };
    rest = rest.slice(end).trim();
  } else if (rest[0] === '/') {
    const end = /^\/((?:[^/\\]|\\.)*)\/([a-z]*)/.exec(rest);
    if (!end) throw badAria(line, 'the pattern has no end');
    item.name = { pattern: readPattern(end[1], end[2]) };
    rest = rest.slice(end[0].length).trim();
  }
  while (rest) {
    const state = /^\[\s*([\w-]+)\s*(?:=\s*"?([\w-]+)"?\s*)?\]\s*/.exec(rest);
    if (!state) throw badAria(line, 'cannot read ' + quote(rest));
    push(item.states, state[2] === undefined || state[2] === 'true' ? state[1]
      : state[1] + '=' + state[2]);
    rest = rest.slice(state[0].length);
  }
  return item;
};

// ---- Comparing.

const stateHolds = (state, is) => {
  if (!state.endsWith('=false')) return has(is, state);
  const name = state.slice(0, -6);
  return !some(is, (other) => other === name || other.startsWith(name + '='));
};
// Whether the line itself fits, whatever is inside.
const headFits = (wanted, is) => {
  if (wanted.text) return typeof is === 'string' && valueFits(wanted.text, is);
  if (typeof is === 'string') return false;
  return roleWord(is.role) === wanted.role && (wanted.name === null
    || valueFits(wanted.name, is.name)) && every(wanted.states, (s) => stateHolds(s, is.states));
};
const itemFits = (wanted, is) => {
  if (!headFits(wanted, is)) return false;
  if (wanted.text) return true;
  return every(wanted.props, (prop) => some(is.props, (p) => p[0] === prop[0]
    && valueFits(prop[1], p[1]))) && childrenFit(wanted, childrenOrName(wanted, is));
};
// A text wanted inside may be what the name already says.
const childrenOrName = (wanted, is) => (!is.children.length && is.name
  && wanted.children.length === 1 && wanted.children[0].text ? [is.name] : is.children);
// The wanted children are among those there, in order; all of them for `/children: equal`.
const childrenFit = (wanted, children) => {
  if (wanted.exact && wanted.children.length !== children.length) return false;
  let i = 0;
  for (let j = 0; j < wanted.children.length; j++, i++) {
    while (i < children.length && !itemFits(wanted.children[j], children[i])) {
      if (wanted.exact) return false;
      i += 1;
    }
    if (i >= children.length) return false;
  }
  return true;
};
const anywhere = (wanted, item) => childrenFit(wanted, item.children)
  || some(item.children, (child) => typeof child !== 'string' && anywhere(wanted, child));
const matchAria = (el, source) => anywhere(readAria(source), ariaTree(el));

// ---- What is different: lines with ' ' as wanted, '-' wanted and not there, '+' there instead.

const wantedLines = (wanted, depth, out) => {
  for (let i = 0; i < wanted.children.length; i++) {
    const child = wanted.children[i];
    if (child.line) push(out, { depth, text: '- ' + child.line, item: child });
    if (child.children) wantedLines(child, depth + 1, out);
  }
  return out;
};
const lineFits = (wanted, is) => {
  if (isList(is.item)) return false;
  if (!headFits(wanted.item, is.item)) return false;
  const inner = wanted.item.children;
  if (!inner || inner.length !== 1 || !inner[0].text || inner[0].line) return true;
  return childrenFit(wanted.item, childrenOrName(wanted.item, is.item));
};
const ariaDiff = (el, source) => {
  const wanted = wantedLines(readAria(source), 0, []);
  const is = linesOf(ariaTree(el), 0, []);
  if (wanted.length * is.length > 250000) return null;
  const steps = align(wanted, is, longestCommon(wanted, is));
  // What is there before and after the part that is alike tells nothing.
  const alikes = filter(map(steps, (step, i) => (step.mark === ' ' ? i : -1)), (i) => i >= 0);
  const shift = alikes.length ? steps[alikes[0]].is.depth - steps[alikes[0]].wanted.depth : 0;
  const from = alikes.length ? alikes[0] : 0;
  const to = alikes.length ? alikes[alikes.length - 1] : 0;
  const deeper = (i) => every(filter(steps, (step, j) => j > to && j <= i && step.is),
    (step) => step.is.depth >= shift && alikes.length > 0);
  const kept = filter(steps, (step, i) => step.mark !== '+' || (i > from && (i < to || deeper(i)))
    || !alikes.length);
  const lines = map(kept, (step) => step.mark + ' ' + (step.mark === '+'
    ? indent({ depth: Math.max(0, step.is.depth - shift), text: step.is.text })
    : indent(step.wanted)));
  return join(first(lines, 200), '\n');
};
// The lines of both, in order: `{mark, wanted, is}`.
const align = (wanted, is, best) => {
  const out = [];
  let i = 0;
  let j = 0;
  while (i < wanted.length || j < is.length) {
    const both_ = i < wanted.length && j < is.length;
    if (both_ && best[i][j] === best[i + 1][j + 1] + 1 && lineFits(wanted[i], is[j])) {
      push(out, { mark: ' ', wanted: wanted[i], is: is[j] });
      i += 1;
      j += 1;
    } else if (i < wanted.length && (j >= is.length || best[i + 1][j] >= best[i][j + 1])) {
      push(out, { mark: '-', wanted: wanted[i], is: null });
      i += 1;
    } else {
      push(out, { mark: '+', wanted: null, is: is[j] });
      j += 1;
    }
  }
  return out;
};
const longestCommon = (wanted, is) => {
  const best = [];
  for (let i = 0; i <= wanted.length; i++) {
    best[i] = [];
    for (let j = 0; j <= is.length; j++) best[i][j] = 0;
  }
  for (let i = wanted.length - 1; i >= 0; i--) {
    for (let j = is.length - 1; j >= 0; j--) {
      best[i][j] = Math.max(best[i + 1][j], best[i][j + 1],
        lineFits(wanted[i], is[j]) ? best[i + 1][j + 1] + 1 : 0);
    }
  }
  return best;
};
