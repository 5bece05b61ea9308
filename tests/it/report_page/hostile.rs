//! Names and bodies that want to do harm, in a browser that would let them.

use serde_json::json;

use super::{failing_with, page, serve, tab};
use crate::chromium::Started;

const HOSTILE: [(&str, &str); 6] = [
    ("/script", "</script></style></title><script>window.pwned = 1; alert(1)</script>"),
    ("/handler", "\"><img src=/x onerror=\"window.pwned = 1; alert(2)\"><svg onload=alert(3)>"),
    ("/cdata", "]]></textarea><!-- --!> <b hidden> `a` {{ 7 * 7 }} {% raw %} javascript:alert(4)"),
    ("/turned", "\u{202e}gpj.exe\u{2066}\u{feff} \u{0}\u{7}\u{1b}[2J\u{1b}]8;;http://evil\u{7} ع"),
    ("/attribute", "' onmouseover='window.pwned=1' style='position:fixed;inset:0' x=\"&#x3c;\""),
    ("/wide", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"),
];

#[tokio::test]
async fn no_text_of_a_run_acts_in_the_page_or_breaks_it() {
    let mut pages: Vec<(&'static str, String)> =
        HOSTILE.iter().map(|(path, text)| (*path, page(&failing_with(text), None))).collect();
    let megabyte = "<b>ä</b>".repeat(1 << 17);
    pages.push(("/large", page(&failing_with(&megabyte), None)));
    for (path, page) in &pages {
        assert!(page.len() < 600_000, "{path} has {} bytes", page.len());
        let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!page.contains(bad), "{path}");
    }
    let paths: Vec<&str> = pages.iter().map(|(path, _)| *path).collect();
    let service = serve(pages, None).await;
    let mut started = Started::new().await;
    let mut tab = tab(&mut started, &service.url, (390, "light")).await;
    for path in paths {
        tab.go(path).await;
        tab.eval("document.querySelectorAll('details').forEach(d => d.open = true)").await;
        let seen = "({ pwned: window.pwned === undefined, scripts: document.scripts.length,
            live: document.querySelectorAll('.live').length > 3,
            images: [...document.images].every(i => i.src.startsWith('data:')),
            word: document.querySelector('.word').innerText,
            sections: document.querySelectorAll('main > section').length > 4,
            within: document.querySelector('main').contains(document.querySelector('#environment')),
            fits: document.scrollingElement.scrollWidth <= innerWidth,
            handlers: [...document.querySelectorAll('*')].every(e =>
                [...e.attributes].every(a => !a.name.startsWith('on'))) })";
        let wanted = json!({ "pwned": true, "scripts": 1, "live": true, "images": true,
            "word": "FAIL", "sections": true, "within": true, "fits": true, "handlers": true });
        assert_eq!(tab.eval(seen).await, wanted, "{path}");
    }
    assert_eq!(tab.log.read().dialogs.len(), 0, "no dialog was shown");
    let asked = service.asked();
    assert!(!asked.iter().any(|path| path == "/x"), "{asked:?}");
    tab.close().await;
    started.quit().await;
}
