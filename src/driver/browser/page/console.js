// Keeps what the page says on its console, for engines that tell no one else. Evaluated once per
// document among the page's own scripts; `messages` of the page script takes what it has kept.
(() => {
  'use strict';
  const key = Symbol.for('taster.messages');
  if (window[key]) return;
  const MOST = 1000;
  const LONGEST = 4000;
  const kept = [];
  Object.defineProperty(window, key, { value: kept, enumerable: false });
  const clock = Date.now;
  const keep = (level, text, place) => {
    if (kept.length >= MOST) return;
    kept[kept.length] = { at: clock(), level, text: text.slice(0, LONGEST), place };
  };
  const stringify = JSON.stringify;
  const isError = (value) => value instanceof Error
    || Object.prototype.toString.call(value) === '[object Error]';
  const say = (value) => {
    try {
      if (typeof value === 'string') return value;
      if (isError(value)) {
        const head = value.name + ': ' + value.message;
        const stack = String(value.stack || '');
        return stack.includes(value.message) ? stack : head + (stack ? '\n' + stack : '');
      }
      if (typeof value === 'object' && value !== null) {
        if (value.nodeType === 1) return '<' + value.localName + '>';
        return stringify(value) || String(value);
      }
      return String(value);
    } catch { return '(cannot be shown)'; }
  };
  // The first line of a stack that is not in here.
  const caller = () => {
    const lines = String(new Error().stack || '').split('\n');
    for (let i = lines.length - 1; i >= 0; i--) {
      const found = /((?:https?|file):[^\s)]+:\d+:\d+)/.exec(lines[i]);
      if (found) return found[1];
    }
    return null;
  };
  const LEVELS = {
    log: 'log', info: 'info', debug: 'debug', warn: 'warning', error: 'error', trace: 'debug',
    assert: 'error',
  };
  for (const name of Object.keys(LEVELS)) {
    const original = console[name];
    if (typeof original !== 'function') continue;
    console[name] = new Proxy(original, {
      apply(target, self, given) {
        try {
          const skip = name === 'assert' ? 1 : 0;
          if (!(skip && given[0])) {
            let text = skip ? 'Assertion failed:' : '';
            for (let i = skip; i < given.length; i++) text += (text ? ' ' : '') + say(given[i]);
            keep(LEVELS[name], text, caller());
          }
        } catch { /* the page's own call goes on */ }
        return Reflect.apply(target, self, given);
      },
    });
  }
  addEventListener('error', (event) => {
    const place = event.filename ? event.filename + ':' + event.lineno + ':' + event.colno : null;
    if (event.message !== undefined) keep('error', 'Uncaught ' + event.message, place);
    else if (event.target && event.target !== window) {
      const from = event.target.src || event.target.href || '';
      keep('error', 'failed to load <' + event.target.localName + '> ' + from, null);
    }
  }, true);
  addEventListener('unhandledrejection', (event) => {
    keep('error', 'Uncaught (in promise) ' + say(event.reason), null);
  }, true);
})()
