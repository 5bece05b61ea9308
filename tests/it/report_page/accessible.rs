//! The page in a real Chromium, looked at by axe, with scripts and without.

use serde_json::{Value, json};

use super::{POLICY, pages, serve, tab};
use crate::chromium::{Opened, Started, soon};

/// Everything that axe finds, as texts.
async fn axe(tab: &mut Opened) -> Vec<String> {
    let source = include_str!("../../vendor/axe/axe.min.js");
    let function = format!(
        "async () => {{ {source}; document.querySelectorAll('details').forEach(d => d.open = true);
         const found = await axe.run(document, {{ resultTypes: ['violations'] }});
         const told = v => v.nodes.map(n => `${{v.id}} (${{v.impact}}): ${{n.html.slice(0, 160)}} \
         ${{n.failureSummary}}`);
         return [found.passes.length, found.violations.flatMap(told)]; }}"
    );
    let found = tab.channel.evaluate(&[], &function, &Value::Null, soon()).await;
    let found = found.expect("axe can look at the page");
    assert!(found[0].as_u64() > Some(20), "axe looked at nothing: {found}");
    let told = found[1].as_array().expect("a list");
    told.iter().map(|one| one.as_str().unwrap_or_default().to_string()).collect()
}

#[tokio::test]
async fn axe_finds_nothing_in_light_and_dark_at_desk_and_phone() {
    let service = serve(pages(), None).await;
    let mut started = Started::new().await;
    let mut found = Vec::new();
    for (path, look) in
        [("/red", (1280, "light")), ("/red", (390, "dark")), ("/green", (390, "light"))]
    {
        let mut tab = tab(&mut started, &service.url, look).await;
        tab.go(path).await;
        found.extend(axe(&mut tab).await.into_iter().map(|one| format!("{path} {look:?} {one}")));
        tab.close().await;
    }
    started.quit().await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether the page is wider than the window: whatever is wide must scroll in a box of its own.
const WIDE: &str = "document.scrollingElement.scrollWidth > innerWidth";

#[tokio::test]
async fn without_scripts_the_page_says_everything() {
    let service = serve(pages(), Some(POLICY)).await;
    let mut started = Started::new().await;
    for look in [(1280, "light"), (390, "dark")] {
        let mut tab = tab(&mut started, &service.url, look).await;
        tab.go("/red").await;
        let read = "(() => { const of = css => document.querySelector(css);
            const box = css => of(css).getBoundingClientRect();
            return { live: document.querySelectorAll('.live, button').length,
                word: of('.word').innerText, seen: box('.word').top < innerHeight,
                line: box('.plot svg').width > 200 && box('.plot svg').height > 150,
                rows: document.querySelectorAll('.numbers tbody tr').length > 50,
                picture: of('.shot img').naturalWidth,
                slow: of('.asked').innerText,
                curl: of('.curl pre').innerText.includes('\"$AUTHORIZATION\"') }; })()";
        let seen = tab.eval(read).await;
        assert_eq!(
            seen,
            json!({ "live": 0, "word": "FAIL", "seen": true, "line": true, "rows": true,
                "picture": 1, "slow": "GET /search?q=oats&page=2", "curl": true }),
        );
        assert_eq!(tab.eval(WIDE).await, json!(false), "{look:?}");
        tab.eval("document.querySelectorAll('details').forEach(d => d.open = true)").await;
        assert_eq!(tab.eval(WIDE).await, json!(false), "all open, {look:?}");
        let found = axe(&mut tab).await;
        assert!(found.is_empty(), "{}", found.join("\n"));
        tab.close().await;
    }
    let asked = service.asked();
    let own = |path: &String| ["/red", "/favicon.ico"].contains(&path.as_str());
    assert!(asked.iter().all(own), "{asked:?}");
    started.quit().await;
}
