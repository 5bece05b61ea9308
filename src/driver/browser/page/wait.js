// Waiting: looks again whenever something may have changed, until the time is up.

const waiters = new Set();
let observer = null;
let watched = null;
let listened = [];

// What tells of changes that no mutation tells of.
const SIGNALS = [
  'input', 'change', 'focusin', 'focusout', 'transitionend', 'animationend', 'load', 'error',
  'popstate', 'hashchange', 'scroll', 'resize', 'toggle', 'close', 'slotchange',
  'DOMContentLoaded', 'fullscreenchange',
];
const MUTATIONS = { subtree: true, childList: true, attributes: true, characterData: true };
const QUIET = { capture: true, passive: true };

const wake = () => waiters.forEach((waiter) => waiter('change'));
const observe = method(MutationObserver, 'observe');
const disconnect = method(MutationObserver, 'disconnect');

meet = (root) => {
  if (!observer || watched.has(root)) return;
  watched.add(root);
  observe(observer, root, MUTATIONS);
  const target = nodeType(root) === 9 ? viewOf(root) : root;
  if (!target) return;
  for (let i = 0; i < SIGNALS.length; i++) listen(target, SIGNALS[i], wake, QUIET);
  push(listened, target);
};
const join_ = (waiter) => {
  waiters.add(waiter);
  if (observer) return;
  observer = new MutationObserver(wake);
  watched = new WeakSet();
  meet(document);
};
const leave = (waiter) => {
  waiters.delete(waiter);
  if (waiters.size) return;
  disconnect(observer);
  observer = null;
  for (let i = 0; i < listened.length; i++) {
    for (let j = 0; j < SIGNALS.length; j++) {
      try { unlisten(listened[i], SIGNALS[j], wake, QUIET); } catch { /* its frame is gone */ }
    }
  }
  listened = [];
};

// How often is looked while no frame is drawn, and after how long that stands in for a frame:
// sooner where the tab is not shown. A machine that is busy draws late, but it draws.
// Milliseconds.
const NO_FRAME = 50;
const NEVER_DRAWN = 1000;
const NOT_SHOWN = 100;
const isShown = () => document.visibilityState === 'visible';
// Looks without a sign of change take at most a fifth of the time, with one at most half.
const REST = { frame: 4, change: 1 };

// Calls `check` now and whenever something may have changed. It gives the answer, or throws a
// `Stop` for not yet; the last one is thrown when the time (milliseconds) is up. `check` gets
// `{frame, late, eager}`: the number of the frame that is looked at, whether this is not the
// first look, and a flag it sets to be called in the next frame whatever it costs.
const until = (timeout, check) => new NativePromise((resolve, reject) => {
  const deadline = now() + timeout;
  const state = { frame: 0, late: false, eager: false };
  let latest = null;
  let ended = false;
  let drawn = 0;
  let last = now();
  let cost = 0;
  let rested = 0;
  let stopFrame = () => {};
  let stopGuard = () => {};
  let stopLater = null;
  let stopDeadline = () => {};
  const end = (f, value) => {
    if (ended) return;
    ended = true;
    stopFrame();
    stopGuard();
    stopDeadline();
    if (stopLater) stopLater();
    if (waiters.has(waiter)) leave(waiter);
    f(value);
  };
  const attempt = () => {
    const began = now();
    state.eager = false;
    try {
      end(resolve, look(() => check(state)));
    } catch (error) {
      if (!(error instanceof Stop) || error.final) end(reject, error);
      else latest = error;
    }
    rested = now();
    cost = rested - began;
    state.late = true;
  };
  const giveUp = () => {
    if (ended) return;
    attempt();
    if (!ended) end(reject, finish(latest));
  };
  const waiter = (sign) => {
    if (ended) return;
    const left = state.eager ? 0 : rested + REST[sign] * cost - now();
    // What changes between two frames is seen in the second.
    state.frame = drawn + (sign === 'change' ? 1 : 0);
    if (left <= 0) attempt();
    else if (!stopLater) {
      stopLater = after(left, () => { stopLater = null; if (!ended) attempt(); });
    }
  };
  const frames = () => {
    if (ended) return;
    drawn += 1;
    last = now();
    waiter('frame');
    if (!ended) stopFrame = nextFrame(frames);
  };
  const guard = () => {
    if (ended) return;
    const still = now() - last;
    if (still >= (isShown() ? NEVER_DRAWN : NOT_SHOWN)) {
      drawn += 1;
      last = now();
    }
    if (still >= NO_FRAME) waiter('frame');
    if (!ended) stopGuard = after(NO_FRAME, guard);
  };
  if (timeout > 0) join_(waiter);
  attempt();
  if (ended) return;
  if (timeout <= 0) {
    end(reject, finish(latest));
    return;
  }
  stopDeadline = after(Math.max(0, deadline - now()), giveUp);
  stopFrame = nextFrame(frames);
  stopGuard = after(NO_FRAME, guard);
});
const finish = (stop) => {
  if (stop.finish) {
    try { look(stop.finish); } catch (error) { if (!(error instanceof Stop)) throw error; }
  }
  return stop;
};
// The next frame, or a little later where none are drawn.
const frame = () => new NativePromise((resolve) => {
  let stopTimer = () => {};
  const stopFrame = nextFrame(() => { stopTimer(); resolve(); });
  stopTimer = after(isShown() ? NEVER_DRAWN : NOT_SHOWN, () => { stopFrame(); resolve(); });
});

const timeoutOf = (argument) => {
  const said = Number(argument && argument.timeout);
  return said > 0 ? said : 0;
};
