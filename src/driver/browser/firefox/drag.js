// Drags in a document as a person does it. Firefox begins a native drag on its own but, driven from
// outside, never drops: so its `dragstart` is taken back, and the events that a drag consists of
// are made from the pointer's, with the page's handlers deciding as they would.
() => {
  let drag = null;
  const deepest = (x, y) => {
    let at = document.elementFromPoint(x, y);
    for (let inner = at; inner; ) {
      at = inner;
      inner = at.shadowRoot && at.shadowRoot.elementFromPoint(x, y);
      if (inner === at) inner = null;
    }
    return at;
  };
  // Whether the page let it be: it did not call `preventDefault`.
  const fire = (target, type, at, more) => target.dispatchEvent(new DragEvent(type, {
    bubbles: true, cancelable: type !== 'dragleave' && type !== 'dragend', composed: true,
    dataTransfer: drag.data, clientX: at.clientX, clientY: at.clientY,
    screenX: at.screenX, screenY: at.screenY, ctrlKey: at.ctrlKey, shiftKey: at.shiftKey,
    altKey: at.altKey, metaKey: at.metaKey, ...more,
  }));
  const move = (event) => {
    fire(drag.source, 'drag', event);
    const target = deepest(event.clientX, event.clientY);
    if (target !== drag.over) {
      const left = drag.over;
      drag.over = target;
      if (target) fire(target, 'dragenter', event, { relatedTarget: left });
      if (left && left.isConnected) fire(left, 'dragleave', event, { relatedTarget: target });
    }
    drag.data.dropEffect = 'none';
    drag.allowed = Boolean(target) && !fire(target, 'dragover', event);
  };
  const handlers = {
    dragstart(event) {
      if (drag || !event.isTrusted) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const data = new DataTransfer();
      for (const type of event.dataTransfer.types) {
        if (type !== 'Files') data.setData(type, event.dataTransfer.getData(type));
      }
      data.effectAllowed = event.dataTransfer.effectAllowed;
      drag = { data, source: event.target, over: null, allowed: false };
      if (!fire(event.target, 'dragstart', event)) {
        end();
        return;
      }
      event.target.dispatchEvent(new PointerEvent('pointercancel', { bubbles: true }));
    },
    mousemove(event) {
      if (!drag) return;
      event.stopImmediatePropagation();
      move(event);
    },
    mouseup(event) {
      if (!drag) {
        end();
        return;
      }
      event.stopImmediatePropagation();
      move(event);
      const { over, source, allowed } = drag;
      if (allowed) fire(over, 'drop', event);
      else if (over) fire(over, 'dragleave', event);
      fire(source, 'dragend', event);
      // The click that follows a mouseup at once is none: what was pressed was dragged away.
      setTimeout(end, 0);
    },
  };
  const quiet = (event) => { if (drag && event.isTrusted) event.stopImmediatePropagation(); };
  for (const type of ['pointermove', 'pointerup', 'click']) handlers[type] = quiet;
  const end = () => {
    drag = null;
    for (const type of Object.keys(handlers)) document.removeEventListener(type, handlers[type], true);
    globalThis.__taster_drag = null;
  };
  if (globalThis.__taster_drag) globalThis.__taster_drag();
  globalThis.__taster_drag = end;
  // Not on the window: what watches there whether the pointer came to its element still sees it.
  for (const type of Object.keys(handlers)) document.addEventListener(type, handlers[type], true);
}
