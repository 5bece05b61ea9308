(key, object) => {
  if (window[key]) return;
  const { parse, stringify } = JSON;
  const later = setTimeout;
  const running = new Map();
  const dialogs = [];
  // What kind of dialog it is, only the page can tell.
  for (const kind of ['alert', 'confirm', 'prompt']) {
    if (typeof window[kind] !== 'function') continue;
    window[kind] = new Proxy(window[kind], {
      apply(target, self, given) {
        dialogs.push(kind);
        return Reflect.apply(target, self, given);
      },
    });
  }
  const words = (error) => {
    try {
      return String(error && error.message !== undefined ? error.name + ': ' + error.message : error);
    } catch { return 'something that cannot be shown was thrown'; }
  };
  const answer = (state) => ({ state, dialogs: dialogs.splice(0) });
  const slot = {
    object,
    dialogs,
    // Begins something once; what is thrown or promised is waited for.
    begin(id, act) {
      if (running.has(id)) return;
      // Nobody asks for earlier ones any more; this one may be asked for twice, when a dialog was
      // in the way of its answer.
      running.clear();
      running.set(id, (async () => act())().then(
        (value) => ({ state: 'done', text: stringify(value === undefined ? null : value) }),
        (error) => ({ state: 'threw', text: words(error) }),
      ));
    },
    call(id, name, text) {
      this.begin(id, () => object[name](parse(text)));
    },
    // Tells how it ended, or that it goes on still.
    async wait(id, patience, done) {
      const begun = running.get(id);
      if (!begun) return done(stringify(answer('lost')));
      const timer = new Promise((tell) => later(() => tell(null), patience));
      const ended = await Promise.race([begun, timer]);
      if (ended === null) return done(stringify(answer('waits')));
      const told = answer(ended.state);
      told.text = ended.text;
      const said = await object.messages({});
      if (said.length) told.messages = said;
      done(stringify(told));
    },
  };
  Object.defineProperty(window, key, { value: slot, enumerable: false });
}
