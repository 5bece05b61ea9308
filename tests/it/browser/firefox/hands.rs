//! Pointer, keyboard, dialogs and tabs.

use super::*;

/// Writes down what happened, with whether it was a user's.
const WATCH: &str = "<script>window.seen = []; for (const kind of ['click', 'dblclick', 'auxclick',\
  'contextmenu', 'keydown', 'input', 'wheel', 'change']) addEventListener(kind, (e) => seen.push(\
  [kind, e.target.id || '', e.isTrusted, e.key || e.detail || 0].join(' ')), true);</script>";

fn answers(request: &Request) -> Vec<Act> {
    match request.path() {
        "/frame" => html(&format!("<body style='margin:0'>{WATCH}<input id=inner autofocus>")),
        "/other" => html("<h1>Other</h1>"),
        "/closes" => html("<button onclick='window.close()'>Close</button>"),
        "/dialogs" => html(
            "<button onclick=\"this.textContent = [confirm('sure?'), prompt('name?', 'x'), \
             alert('done')].join()\">Ask</button>",
        ),
        "/leave" => html(
            "<script>onbeforeunload = (e) => { e.preventDefault(); return 'x' }</script>\
             <button onclick='1'>B</button>",
        ),
        path => {
            let port = request.header("host").split(':').nth(1).unwrap_or_default().to_string();
            let page = "<body style='margin:0'><button id=b>Press</button><input id=i>\
                <textarea id=t></textarea><a id=n href=/other target=_blank>New</a>\
                <a id=w href='#' onclick=\"window.open('/closes'); return false\">Window</a>\
                <div draggable=true id=from style='position:absolute;\
                left:20px;top:100px;width:50px;\
                height:50px'>From</div><div id=to style='position:absolute;left:220px;top:100px;\
                width:80px;height:50px'>To</div><div id=far style='position:absolute;\
                top:4000px'>Far</div>";
            let drags = "<script>from.ondragstart = (e) => e.dataTransfer.setData('text/plain', \
                'hello'); to.ondragover = (e) => e.preventDefault(); to.ondrop = (e) => { \
                e.preventDefault(); to.textContent = e.dataTransfer.getData('text/plain') };\
                from.ondragend = () => { from.textContent = 'ended' }</script>";
            let frame = format!(
                "<div style='height:300px'></div><iframe style='border:5px solid' id=f \
                 src='http://localhost:{port}/frame'></iframe>"
            );
            html(&format!(
                "{page}{WATCH}{drags}{}",
                if path.contains("frame") { frame.as_str() } else { "" }
            ))
        }
    }
}

#[tokio::test]
async fn pointer_and_keyboard_do_what_a_users_do() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/").await;
        let press = json!({"role": "button", "name": "Press"});
        one.click(press.clone()).await;
        // Two clicks in a row are two clicks, not a double one.
        one.click(press.clone()).await;
        assert_eq!(one.js("seen.splice(0)").await, json!(["click b true 1", "click b true 1"]));
        let twice = [Input::Down(0, 1), Input::Up(0, 1), Input::Down(0, 2), Input::Up(0, 2)];
        one.channel.input(&twice, soon()).await.expect("a double click");
        let double = json!(["click b true 1", "click b true 2", "dblclick b true 2"]);
        assert_eq!(one.js("seen.splice(0)").await, double);
        let right = [Input::Down(2, 1), Input::Up(2, 1)];
        one.channel.input(&right, soon()).await.expect("a right click");
        one.until("seen.some((it) => it.startsWith('contextmenu b true'))").await;
        one.channel
            .input(&[Input::KeyDown("Escape".into()), Input::KeyUp("Escape".into())], soon())
            .await
            .expect("a key");
        one.click(json!({"css": "#i"})).await;
        one.js("seen.splice(0)").await;
        let text = [
            Input::Text("Añ€😀".to_string()),
            Input::KeyDown("Shift".to_string()),
            Input::KeyDown("ArrowLeft".to_string()),
            Input::KeyUp("ArrowLeft".to_string()),
            Input::KeyUp("Shift".to_string()),
            Input::Text("b".to_string()),
            Input::KeyDown("Control".to_string()),
            Input::Text("a".to_string()),
            Input::KeyUp("Control".to_string()),
        ];
        one.channel.input(&text, soon()).await.expect("it is typed");
        assert_eq!(one.js("i.value").await, "Añ€b");
        assert_eq!(one.js("[i.selectionStart, i.selectionEnd]").await, json!([0, 4]));
        let keys = one.js("seen.filter((it) => it.startsWith('keydown')).length").await;
        assert_eq!(keys, 9);
        one.click(json!({"css": "#t"})).await;
        one.channel.input(&[Input::Text("a\nb".to_string())], soon()).await.expect("typed");
        assert_eq!(one.js("t.value").await, "a\nb");
        let wheel = [Input::Move(300.0, 300.0), Input::Wheel(0.0, 250.0)];
        one.channel.input(&wheel, soon()).await.expect("it scrolls");
        assert_eq!(one.js("scrollY").await, 250);
        let unknown = one.channel.input(&[Input::KeyDown("Hyper".to_string())], soon()).await;
        assert!(matches!(unknown, Err(Trouble::Unsupported(_))), "{unknown:?}");
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn what_is_dragged_is_dropped() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/").await;
        let ready = async |one: &mut Bench, locator: &str, act: &str| {
            let wanted = json!({"locator": {"css": locator}, "for": act, "timeout": 9000});
            let found = one.call("ready", wanted).await.expect("it is looked for");
            assert_eq!(found["ok"], true, "{found}");
            let at = |n: usize| found["point"][n].as_f64().expect("a number");
            (found["element"].clone(), at(0), at(1))
        };
        let (from, x, y) = ready(&mut one, "#from", "drag").await;
        one.channel.input(&[Input::Move(x, y), Input::Down(0, 1)], soon()).await.expect("down");
        let landed = one.call("landed", json!({"element": from})).await.expect("it is asked");
        assert_eq!(landed["ok"], true, "{landed}");
        let (to, x, y) = ready(&mut one, "#to", "drop").await;
        let drag = [Input::Move(x - 60.0, y), Input::Move(x, y), Input::Up(0, 1)];
        one.channel.input(&drag, soon()).await.expect("it is dragged");
        let landed = one.call("landed", json!({"element": to})).await.expect("it is asked");
        assert_eq!(landed["ok"], true, "{landed}");
        one.until("to.textContent === 'hello'").await;
        one.until("from.textContent === 'ended'").await;
        // The pointer is free again.
        one.click(json!({"css": "#b"})).await;
        one.until("seen.includes('click b true 1')").await;
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn frames_of_other_origins_get_their_events() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/frame-in-it").await;
        let kept = one.call("keep", json!({"locator": {"css": "#f"}})).await.expect("a frame");
        let frame = kept["element"].as_u64().unwrap_or_else(|| panic!("{kept}"));
        let text = json!({"from": "value", "locator": {"css": "#inner"}});
        let inside = one.channel.call(&[frame], "read", &text, soon()).await;
        assert_eq!(inside.expect("it is asked")["value"], "");
        let at = one.call("offset", json!({"element": frame})).await.expect("a place");
        let (x, y) = (at["point"][0].as_f64(), at["point"][1].as_f64());
        let (x, y) = (x.expect("left"), y.expect("top"));
        let click = [Input::Move(x + 20.0, y + 10.0), Input::Down(0, 1), Input::Up(0, 1)];
        one.channel.input(&click, soon()).await.expect("a click");
        one.channel.input(&[Input::Text("in".to_string())], soon()).await.expect("it is typed");
        let value = one.channel.call(&[frame], "read", &text, soon()).await.expect("a value");
        assert_eq!(value["value"], "in");
        let seen = one.channel.evaluate(&[frame], "() => seen[0]", &Value::Null, soon()).await;
        assert_eq!(seen, Ok(json!("click inner true 1")));
        one.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn dialogs_are_answered_while_a_click_waits() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/dialogs").await;
        one.click(json!("Ask")).await;
        one.until("document.querySelector('button').textContent === 'false,,'").await;
        one.goto("/dialogs").await;
        one.channel.answer_dialogs(true, Some("Ada".into()), soon()).await.expect("a policy");
        one.click(json!("Ask")).await;
        one.until("document.querySelector('button').textContent === 'true,Ada,'").await;
        let seen: Vec<_> = one.log.read().dialogs.clone();
        let kinds: Vec<_> = seen.iter().map(|it| (it.kind.as_str(), it.accepted)).collect();
        let three = |accepted| ["confirm", "prompt", "alert"].map(|kind| (kind, accepted));
        assert_eq!(kinds, [three(false), three(true)].concat());
        assert_eq!(seen[0].message, "sure?");
        let loops = "() => { let n = 0; for (let i = 0; i < 20; i++) n += confirm('x'); return n }";
        let many = one.channel.evaluate(&[], loops, &Value::Null, soon()).await;
        assert_eq!(many, Ok(json!(20)));
        one.close().await;
        // Who leaves a page that asks, leaves; unless told to stay.
        let mut two = bench(&mut firefox, &server, Wishes::default()).await;
        two.goto("/leave").await;
        two.click(json!("B")).await;
        two.goto("/other").await;
        two.goto("/leave").await;
        two.click(json!("B")).await;
        two.channel.answer_dialogs(false, None, soon()).await.expect("a policy");
        let url = server.url("/other");
        let stays = two.channel.navigate(&url, LoadState::Load, soon()).await;
        assert!(matches!(stays, Err(Trouble::Refused(_))), "{stays:?}");
        assert_eq!(two.js("location.pathname").await, "/leave");
        two.close().await;
        firefox
    })
    .await;
}

#[tokio::test]
async fn tabs_come_in_their_order_and_go() {
    with_firefox(answers, async |mut firefox, server| {
        let mut one = bench(&mut firefox, &server, Wishes::default()).await;
        one.goto("/").await;
        one.click(json!({"css": "#n"})).await;
        let tabs = loop {
            let tabs = one.channel.tabs(soon()).await.expect("tabs");
            if tabs.len() == 2 && tabs[1].url.ends_with("/other") {
                break tabs;
            }
        };
        assert!(tabs[0].current && !tabs[1].current, "{tabs:?}");
        // The first stays the current one, and draws frames although the other came over it.
        let drawn = "() => new Promise((done) => { const t = performance.now(); let n = 20; \
            const next = () => --n ? requestAnimationFrame(next) : done(performance.now() - t); \
            next() })";
        let took = one.channel.evaluate(&[], drawn, &Value::Null, soon()).await.expect("frames");
        assert!(took.as_f64().is_some_and(|took| took < 5000.0), "{took}");
        one.channel.switch(&tabs[1].id, soon()).await.expect("it switches");
        let heading = json!({"from": "text", "locator": {"role": "heading"}});
        assert_eq!(one.call("read", heading).await.expect("text")["value"], "Other");
        one.channel.close_tab(soon()).await.expect("it closes");
        assert_eq!(one.js("location.pathname").await, "/");
        // A window that a script opened and that closes itself.
        one.click(json!({"css": "#w"})).await;
        let by = soon();
        let opened = loop {
            let tabs = one.channel.tabs(by).await.expect("tabs");
            if let Some(opened) = tabs.iter().find(|tab| tab.url.ends_with("/closes")) {
                break opened.id.clone();
            }
            assert!(Instant::now() < by, "{tabs:?}");
        };
        one.channel.switch(&opened, soon()).await.expect("it switches");
        one.channel.loaded(LoadState::Load, soon()).await.expect("it loads");
        one.click(json!("Close")).await;
        let by = soon();
        while one.channel.tabs(by).await.expect("tabs").len() > 1 {
            assert!(Instant::now() < by, "it did not close");
        }
        assert_eq!(one.js("location.pathname").await, "/");
        let none = one.channel.switch(&opened, soon()).await;
        assert!(matches!(none, Err(Trouble::Refused(_))), "{none:?}");
        one.channel.close_tab(soon()).await.expect("it closes");
        let last = one.call("read", json!({"from": "url"})).await;
        assert!(matches!(&last, Err(Trouble::Refused(said)) if said.contains("last")), "{last:?}");
        one.close().await;
        firefox
    })
    .await;
}
