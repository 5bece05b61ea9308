// Whether what was just done leads to another document, so that nobody takes the old one for what
// came of it. Engines leave a document at times of their own: WebKit some time after the click is
// reported as done.

// How long a document may take to be left after the click or the submit that leads away, and
// after a dialog that asks whether to leave it. Milliseconds.
const BEGINS = 1000;
// How often is looked meanwhile. Milliseconds.
const LOOKS = 5;

const baseOf = reader(Node, 'baseURI');
const isPrevented = reader(Event, 'defaultPrevented');
const protocolOf = reader(URL, 'protocol');
const hrefOf = reader(URL, 'href');
const LOADED = words('http: https: file: about: blob:');
const PLAIN_TARGETS = words('_self _top _parent');

// The URL of another document that an address leads to; null for none.
const destination = (el, address) => {
  try {
    const url = new URL(address, baseOf(el));
    return protocolOf(url) in LOADED ? hrefOf(url) : null;
  } catch { return null; }
};
const bare = (url) => url.replace(/#.*$/s, '');
// Whether what is loaded comes in place of the document of `el`.
const comesHere = (el, said) => {
  const base = said === null ? queryAll(documentOf(el), 'base[target]')[0] : null;
  const target = fold(said === null ? base && attribute(base, 'target') : said).toLowerCase();
  const view = viewOf(documentOf(el));
  if (target === '' || target === '_self') return true;
  return target in PLAIN_TARGETS && Boolean(view) && view.parent === view;
};

const addressOf = (link) => (hasAttribute(link, 'href') ? attribute(link, 'href')
  : attribute(link, 'xlink:href'));
const isLink = (node) => nodeTypeSafely(node) === 1 && addressOf(node) !== null
  && (localName(node) === 'a' || isTag(node, 'area'));
const clickLeads = (event) => {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
    return null;
  }
  const link = find(event.composedPath(), isLink);
  if (!link || hasAttribute(link, 'download') || (isHtml(link) && isEditableText(link))) {
    return null;
  }
  const url = destination(link, addressOf(link));
  if (!url || !comesHere(link, attribute(link, 'target'))) return null;
  // A place in the same document.
  const here = viewOf(documentOf(link)).location.href;
  return url.includes('#') && bare(url) === bare(here) ? null : url;
};
const submitLeads = (event) => {
  const form = event.target;
  const by = event.submitter;
  const said = (name) => (by && hasAttribute(by, 'form' + name) ? attribute(by, 'form' + name)
    : attribute(form, name));
  if (fold(said('method')).toLowerCase() === 'dialog' || !comesHere(form, said('target'))) {
    return null;
  }
  return destination(form, said('action') || viewOf(documentOf(form)).location.href);
};

// What is watched from before the pointer or a key is used until `left` has been told; one at a
// time.
let led = null;
const LEAD_EVENTS = ['click', 'submit', 'beforeunload', 'pagehide'];
const watchLead = (doc) => {
  endLead();
  const view = viewOf(doc);
  if (!view) return;
  const watch = {
    view, from: view.location.href, event: null, at: 0, unload: null, unloaded: 0, gone: false,
    shadows: [], stop: () => {},
  };
  const heard = (event) => {
    if (!event.isTrusted) return;
    if (event.type === 'pagehide') watch.gone = true;
    else if (event.type === 'beforeunload') {
      watch.unload = event;
      watch.unloaded = now();
    } else {
      if (event.type === 'click') watchShadows(watch, event, heard);
      if (event.type === 'click' ? !clickLeads(event) : !submitLeads(event)) return;
      watch.event = event;
      watch.at = now();
    }
  };
  for (let i = 0; i < LEAD_EVENTS.length; i++) listen(view, LEAD_EVENTS[i], heard, QUIET);
  const stopTimer = after(10000, () => endLead(watch));
  watch.stop = () => {
    stopTimer();
    for (let i = 0; i < LEAD_EVENTS.length; i++) {
      try { unlisten(view, LEAD_EVENTS[i], heard, QUIET); } catch { /* its frame is gone */ }
    }
    for (let i = 0; i < watch.shadows.length; i++) {
      unlisten(watch.shadows[i], 'submit', heard, QUIET);
    }
  };
  led = watch;
};
// A form in a shadow tree submits without its document hearing of it.
const watchShadows = (watch, event, heard) => {
  const path = event.composedPath();
  for (let i = 0; i < path.length; i++) {
    if (nodeTypeSafely(path[i]) === 11 && !has(watch.shadows, path[i])) {
      listen(path[i], 'submit', heard, QUIET);
      push(watch.shadows, path[i]);
    }
  }
};
const endLead = (watch) => {
  if (!led || (watch && watch !== led)) return;
  led.stop();
  led = null;
};
// Whether the document is about to go.
const leads = (watch) => {
  if (watch.gone) return false;
  try {
    // The page goes there without a new document.
    const { navigation } = watch.view;
    if (watch.view.location.href !== watch.from || (navigation && navigation.transition)) {
      return false;
    }
  } catch { return false; }
  if (watch.unload) {
    const asks = isPrevented(watch.unload) || Boolean(watch.unload.returnValue);
    return !asks || now() - watch.unloaded < BEGINS;
  }
  return Boolean(watch.event) && !isPrevented(watch.event) && now() - watch.at < BEGINS;
};

const watchKeys = () => {
  const el = focused(document);
  watchLead(el ? documentOf(el) : document);
  return { ok: true };
};
const left = async (argument) => {
  const deadline = now() + timeoutOf(argument);
  const watch = led;
  while (watch && watch === led && leads(watch)) {
    if (now() >= deadline) return { ok: true, leads: true };
    await new NativePromise((resolve) => after(LOOKS, resolve));
  }
  endLead();
  return { ok: true, leads: false };
};
