//! Is the script that works inside pages; `page/README.md` says what it can be asked.

/// The source of the script: an expression.
pub const SCRIPT: &str = concat!(
    "(() => {\n'use strict';\n",
    include_str!("page/base.js"),
    include_str!("page/tree.js"),
    include_str!("page/roles.js"),
    include_str!("page/names.js"),
    include_str!("page/near.js"),
    include_str!("page/locate.js"),
    include_str!("page/wait.js"),
    include_str!("page/lead.js"),
    include_str!("page/ready.js"),
    include_str!("page/fill.js"),
    include_str!("page/aria.js"),
    include_str!("page/expect.js"),
    include_str!("page/page.js"),
    include_str!("page/answers.js"),
    "})()"
);

/// The source of what keeps console messages for `messages`, in engines that tell none: a
/// statement to run once per document, before and among the page's own scripts.
pub const CONSOLE: &str = include_str!("page/console.js");

/// The name under which a channel keeps the script's object in its world.
pub const OBJECT: &str = "__taster";
