// Roles: what an element is to a person who uses it, after WAI-ARIA and the HTML mappings.

const ROLES = words(
  'alert alertdialog application article banner blockquote button caption cell checkbox code',
  'columnheader combobox comment complementary contentinfo definition deletion dialog document',
  'emphasis feed figure form generic grid gridcell group heading image img insertion link list',
  'listbox listitem log main mark marquee math menu menubar menuitem menuitemcheckbox',
  'menuitemradio meter navigation none note option paragraph presentation progressbar radio',
  'radiogroup region row rowgroup rowheader scrollbar search searchbox sectionfooter',
  'sectionheader separator slider spinbutton status strong subscript suggestion superscript',
  'switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid',
  'treeitem graphics-document graphics-object graphics-symbol directory',
  'doc-abstract doc-acknowledgments doc-afterword doc-appendix doc-backlink doc-biblioentry',
  'doc-bibliography doc-biblioref doc-chapter doc-colophon doc-conclusion doc-cover doc-credit',
  'doc-credits doc-dedication doc-endnote doc-endnotes doc-epigraph doc-epilogue doc-errata',
  'doc-example doc-footnote doc-foreword doc-glossary doc-glossref doc-index doc-introduction',
  'doc-noteref doc-notice doc-pagebreak doc-pagefooter doc-pageheader doc-pagelist doc-part',
  'doc-preface doc-prologue doc-pullquote doc-qna doc-subtitle doc-tip doc-toc',
);
// One role, several words for it.
const SAME_ROLE = { img: 'image', presentation: 'none', directory: 'list' };
const roleWord = (role) => (own(SAME_ROLE, role) ? SAME_ROLE[role] : role);

// What each tag is without anything more; tags that depend are in `DEPENDS`.
const TAG_ROLES = {
  address: 'group', article: 'article', b: 'generic', bdi: 'generic', bdo: 'generic',
  blockquote: 'blockquote', body: 'generic', button: 'button', caption: 'caption', code: 'code',
  data: 'generic', datalist: 'listbox', dd: 'definition', del: 'deletion', details: 'group',
  dfn: 'term', dialog: 'dialog', dir: 'list', div: 'generic', dt: 'term', em: 'emphasis',
  fieldset: 'group', figure: 'figure', h1: 'heading', h2: 'heading', h3: 'heading',
  h4: 'heading', h5: 'heading', h6: 'heading', hgroup: 'group', hr: 'separator',
  html: 'document', i: 'generic', ins: 'insertion', main: 'main', mark: 'mark', math: 'math',
  menu: 'list', meter: 'meter', nav: 'navigation', ol: 'list', optgroup: 'group',
  option: 'option', output: 'status', p: 'paragraph', pre: 'generic', progress: 'progressbar',
  q: 'generic', s: 'deletion', samp: 'generic', search: 'search', small: 'generic',
  span: 'generic', strong: 'strong', sub: 'subscript', sup: 'superscript', table: 'table',
  tbody: 'rowgroup', textarea: 'textbox', tfoot: 'rowgroup', thead: 'rowgroup', time: 'time',
  u: 'generic', ul: 'list', 'svg:svg': 'graphics-document', 'xml:math': 'math',
};
const INPUT_ROLES = {
  button: 'button', image: 'button', reset: 'button', submit: 'button', checkbox: 'checkbox',
  radio: 'radio', range: 'slider', number: 'spinbutton', email: 'textbox', tel: 'textbox',
  text: 'textbox', url: 'textbox', search: 'searchbox', password: 'textbox', file: 'button',
};
const LISTABLE = words('text search url tel email');
// Within these, the header and the footer are not the page's.
const SECTIONS = words('article aside main nav section');
const SECTION_ROLES = words('article complementary main navigation region');
// What may be said about any element; each keeps it from being presentational.
const GLOBAL_STATES = [
  'aria-atomic', 'aria-braillelabel', 'aria-brailleroledescription', 'aria-busy',
  'aria-controls', 'aria-current', 'aria-describedby', 'aria-description', 'aria-details',
  'aria-dropeffect', 'aria-flowto', 'aria-grabbed', 'aria-keyshortcuts',
  'aria-label', 'aria-labelledby', 'aria-live', 'aria-owns', 'aria-relevant',
  'aria-roledescription',
];

const hasGlobalState = (el) => some(GLOBAL_STATES, (name) => {
  const value = attribute(el, name);
  return value !== null && (name.startsWith('aria-label') ? fold(value) !== '' : true);
});
const isFocusable = (el) => {
  if (disabledNatively(el)) return false;
  const index = attribute(el, 'tabindex');
  if (index !== null && !Number.isNaN(parseInt(index, 10))) return true;
  switch (tagOf(el)) {
    case 'a': case 'area': return hasAttribute(el, 'href');
    case 'input': return inputType(el) !== 'hidden';
    case 'button': case 'select': case 'textarea': case 'iframe': case 'summary': return true;
    default: return isHtml(el) && hasAttribute(el, 'contenteditable') && isEditableText(el);
  }
};
const disabledNatively = (el) => {
  if (!isHtml(el)) return false;
  const tag = localName(el);
  if (!(tag in DISABLEABLE)) return false;
  if (hasAttribute(el, 'disabled')) return true;
  if (tag === 'option') {
    return Boolean(closest(above(el), (n) => isTag(n, 'optgroup') && hasAttribute(n, 'disabled')));
  }
  for (let n = el, parent = above(el); parent; n = parent, parent = above(parent)) {
    if (!isTag(parent, 'fieldset') || !hasAttribute(parent, 'disabled')) continue;
    // What is in the first legend stays usable.
    if (isTag(n, 'legend') && firstLegend(parent) === n) continue;
    return true;
  }
  return false;
};
const DISABLEABLE = words('button input select textarea option optgroup fieldset');
const firstLegend = (fieldset) => {
  for (let n = firstChild(fieldset); n; n = nextSibling(n)) {
    if (isElement(n) && isTag(n, 'legend')) return n;
  }
  return null;
};

// The element above, past those that mean nothing.
const meaningfulAbove = (el) => {
  for (let n = ownerOf(el) || flatAbove(el); n; n = ownerOf(n) || flatAbove(n)) {
    const role = roleOf(n);
    if (role !== null && role !== 'generic' && role !== 'none') return n;
  }
  return null;
};
// Who says `aria-owns` about it.
const ownerOf = (el) => {
  const id = attribute(el, 'id');
  if (!id) return null;
  const root = rootOf(el);
  const owners = remembered('owners', root, () => {
    const out = new Map();
    if (nodeType(root) !== 9 && nodeType(root) !== 11) return out;
    const found = queryAll(root, '[aria-owns]');
    for (let i = 0; i < found.length; i++) {
      const ids = fold(attribute(found[i], 'aria-owns')).split(' ');
      for (let j = 0; j < ids.length; j++) if (!out.has(ids[j])) out.set(ids[j], found[i]);
    }
    return out;
  });
  const owner = owners.get(id);
  return owner && !isWithin(owner, el) ? owner : null;
};

const inSection = (el) => Boolean(closest(flatAbove(el), (n) => {
  const said = saidRole(n);
  return said ? said in SECTION_ROLES : isHtml(n) && localName(n) in SECTIONS;
}));
const tableOf = (el) => closest(flatAbove(el), (n) => isTag(n, 'table'));
const tableRole = (el) => {
  const table = tableOf(el);
  return table ? roleOf(table) : null;
};
const GRIDS = words('grid treegrid');
const TABLES = words('table grid treegrid');

// Tags whose role depends on what they have or where they are.
const DEPENDS = {
  a: (el) => (hasAttribute(el, 'href') ? 'link' : 'generic'),
  area: (el) => (hasAttribute(el, 'href') ? 'link' : 'generic'),
  'svg:a': (el) => (hasAttribute(el, 'href') || hasAttribute(el, 'xlink:href') ? 'link'
    : 'generic'),
  aside: (el) => (inSection(el) && !isMain(el) && !isNamed(el) ? 'generic' : 'complementary'),
  header: (el) => (inSection(el) ? 'generic' : 'banner'),
  footer: (el) => (inSection(el) ? 'generic' : 'contentinfo'),
  form: () => 'form',
  section: (el) => (isNamed(el) ? 'region' : 'generic'),
  img: (el) => (attribute(el, 'alt') === '' && !isNamed(el) ? 'none' : 'image'),
  li: (el) => {
    const parent = flatAbove(el);
    if (!parent) return 'generic';
    return roleOf(parent) === 'list' ? 'listitem' : 'generic';
  },
  input: (el) => {
    const type = inputType(el);
    const role = own(INPUT_ROLES, type) ? INPUT_ROLES[type] : null;
    return type in LISTABLE && hasAttribute(el, 'list') ? 'combobox' : role;
  },
  select: (el) => (selectMultiple(el) || selectSize(el) > 1 ? 'listbox' : 'combobox'),
  td: (el) => cellRole(el, (role) => (role in GRIDS ? 'gridcell' : 'cell')),
  th: (el) => cellRole(el, (role) => headerRole(el, role)),
  tr: (el) => (inTable(el) ? 'row' : 'generic'),
  tbody: (el) => (inTable(el) ? 'rowgroup' : 'generic'),
  thead: (el) => (inTable(el) ? 'rowgroup' : 'generic'),
  tfoot: (el) => (inTable(el) ? 'rowgroup' : 'generic'),
};
// Which of those tags may have a role.
const MAY_BE = {
  link: 'a area', complementary: 'aside', banner: 'header', contentinfo: 'footer', form: 'form',
  region: 'section', image: 'img', listitem: 'li', button: 'input', checkbox: 'input',
  radio: 'input', slider: 'input', spinbutton: 'input', textbox: 'input', searchbox: 'input',
  combobox: 'input select', listbox: 'select', cell: 'td th', gridcell: 'td th',
  columnheader: 'th', rowheader: 'th', row: 'tr', rowgroup: 'tbody thead tfoot',
};
// An `aside` straight in the main part or the body stands for itself.
const isMain = (el) => {
  const around = closest(flatAbove(el), (n) => {
    const said = saidRole(n);
    return said ? said in SECTION_ROLES : isHtml(n) && localName(n) in SECTIONS;
  });
  return Boolean(around) && roleOf(around) === 'main';
};
const inTable = (el) => {
  const role = tableRole(el);
  return role === null || role in TABLES;
};
const cellRole = (el, f) => {
  const role = tableRole(el);
  if (role === null || role in TABLES) return f(role || 'table');
  return 'generic';
};
const headerRole = (el, role) => {
  const scope = (attribute(el, 'scope') || '').toLowerCase();
  if (scope === 'col' || scope === 'colgroup') return 'columnheader';
  if (scope === 'row' || scope === 'rowgroup') return 'rowheader';
  const row = flatAbove(el);
  if (!row) return 'columnheader';
  const group = flatAbove(row);
  if (group && isTag(group, 'thead')) return 'columnheader';
  let cells = 0;
  let others = 0;
  for (let n = firstChild(row); n; n = nextSibling(n)) {
    if (!isElement(n)) continue;
    cells += 1;
    if (isTag(n, 'td')) others += 1;
  }
  if (others) return 'rowheader';
  if (cells > 1) return 'columnheader';
  return role in GRIDS ? 'gridcell' : 'cell';
};

// Whether somebody gave it a name of its own.
const isNamed = (el) => fold(attribute(el, 'aria-label')) !== ''
  || some(referenced(el, 'aria-labelledby'), saysSomething)
  || fold(attribute(el, 'title')) !== '';

// Whether there is a text in it, by whatever way; not which, as that may ask for roles again.
const saysSomething = (el) => /\S/.test(rawText(el)) || fold(attribute(el, 'aria-label')) !== ''
  || fold(attribute(el, 'alt')) !== '' || fold(attribute(el, 'title')) !== '' || isInput(el)
  || queryAll(el, '[alt],[aria-label],[title],input').length > 0;

const impliedRole = (el) => {
  const tag = tagOf(el);
  if (own(DEPENDS, tag)) return DEPENDS[tag](el);
  if (own(TAG_ROLES, tag)) return TAG_ROLES[tag];
  // Elements of the page's own making mean nothing by themselves.
  return isHtml(el) && tag.includes('-') ? 'generic' : null;
};

// Roles that only count within others, and one of them has to be right above.
const NEEDS = {
  listitem: words('list directory'), option: words('listbox group combobox'),
  tab: words('tablist'), treeitem: words('tree group treeitem'),
  menuitem: words('menu menubar group'), menuitemcheckbox: words('menu menubar group'),
  menuitemradio: words('menu menubar group'), row: words('table grid treegrid rowgroup'),
  rowgroup: words('table grid treegrid'), cell: words('row'), gridcell: words('row'),
  columnheader: words('row'), rowheader: words('row'), caption: words('figure table grid treegrid'),
};

// The first role said in the attribute that counts; null where none does.
const saidRole = (el) => {
  const said = attribute(el, 'role');
  if (!said) return null;
  const list = said.toLowerCase().split(/[ \t\n\f\r]+/);
  for (let i = 0; i < list.length; i++) {
    const word = list[i];
    if (!(word in ROLES)) continue;
    const role = roleWord(word);
    if ((role === 'form' || role === 'region') && !isNamed(el)) continue;
    return role;
  }
  return null;
};
const isInPlace = (el, role) => {
  if (!own(NEEDS, role)) return true;
  const parent = meaningfulAbove(el);
  if (!parent) return false;
  const above_ = roleOf(parent);
  if (above_ === 'group' && role === 'option') return inList(parent, words('listbox combobox'));
  if (above_ === 'group' && role.startsWith('menuitem')) {
    return inList(parent, words('menu menubar'));
  }
  if (above_ === 'group' && role === 'treeitem') return inList(parent, words('tree treeitem'));
  return above_ in NEEDS[role];
};
const inList = (group, roles) => {
  const parent = meaningfulAbove(group);
  return Boolean(parent) && roleOf(parent) in roles;
};

// The parts of these are presentational with them.
const PARTS = words('li dd dt tr td th tbody thead tfoot caption');
const losesMeaning = (el) => {
  if (!isHtml(el) || !(localName(el) in PARTS)) return false;
  const tag = localName(el);
  const whole = tag === 'li' ? flatAbove(el) : tag === 'dd' || tag === 'dt'
    ? closest(flatAbove(el), (n) => isTag(n, 'dl')) : tableOf(el);
  return Boolean(whole) && saidNone(whole);
};
const saidNone = (el) => {
  const said = saidRole(el);
  return said === 'none' && !hasGlobalState(el) && !isFocusable(el);
};

// What it is: a role, `generic`, `none`, or null where there is no word for it.
const roleOf = (el) => remembered('roles', el, () => {
  const said = saidRole(el);
  if (said === 'none') {
    if (saidNone(el)) return 'none';
  } else if (said && isInPlace(el, said)) return said;
  else if (said) return own(NEEDS, said) ? orphan(el) : said;
  if (!attribute(el, 'role') && losesMeaning(el) && !hasGlobalState(el) && !isFocusable(el)) {
    return 'none';
  }
  return impliedRole(el);
});
const orphan = (el) => impliedRole(el) || 'generic';

// ---- States.

const flag = (el, name) => {
  const value = attribute(el, name);
  return value === null ? null : value.toLowerCase();
};
const levelOf = (el) => {
  const said = parseInt(attribute(el, 'aria-level') || '', 10);
  if (said >= 1) return said;
  const tag = isHtml(el) ? localName(el) : '';
  return /^h[1-6]$/.test(tag) ? Number(tag[1]) : roleOf(el) === 'heading' ? 2 : null;
};
// true, false, 'mixed', or null for what cannot be checked.
const checkedOf = (el) => {
  if (isInput(el) && (inputType(el) === 'checkbox' || inputType(el) === 'radio')) {
    return inputMixed(el) ? 'mixed' : inputChecked(el);
  }
  const value = flag(el, 'aria-checked');
  if (value === 'mixed') return 'mixed';
  if (value === 'true' || value === 'false') return value === 'true';
  return roleOf(el) in CHECKABLE ? false : null;
};
const CHECKABLE = words('checkbox radio switch menuitemcheckbox menuitemradio');
const pressedOf = (el) => {
  const value = flag(el, 'aria-pressed');
  return value === 'mixed' ? 'mixed' : value === null ? null : value === 'true';
};
const expandedOf = (el) => {
  if (isTag(el, 'details')) return hasAttribute(el, 'open');
  const parent = isTag(el, 'summary') ? parentOf(el) : null;
  if (parent && isElement(parent) && isTag(parent, 'details')) return hasAttribute(parent, 'open');
  const value = flag(el, 'aria-expanded');
  return value === 'true' ? true : value === 'false' ? false : null;
};
const selectedOf = (el) => {
  if (isTag(el, 'option')) return optionSelected(el);
  const value = flag(el, 'aria-selected');
  return value === 'true' ? true : value === 'false' ? false : null;
};
const disabledOf = (el) => disabledNatively(el)
  || Boolean(closest(el, (n) => flag(n, 'aria-disabled') === 'true'));
const STATES = {
  level: levelOf, checked: checkedOf, pressed: pressedOf, expanded: expandedOf,
  selected: selectedOf, disabled: disabledOf,
};
