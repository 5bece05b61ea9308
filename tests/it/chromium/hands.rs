//! Pointer, keyboard and fingers: what the page sees of them.

use serde_json::json;
use taster::driver::browser::{Input, Trouble};

use super::{Site, Started, soon};

const LISTENS: &str = "<title>t</title><style>body{margin:0}</style><script>
seen = [];
const tell = e => seen.push([e.type, e.isTrusted, e.button ?? e.key, e.detail || 0].join(' '));
const told = types => types.split(' ').forEach(t => addEventListener(t, tell, true));
</script>";

#[tokio::test]
async fn a_click_is_trusted_and_handled_when_it_comes_back() {
    let page = format!(
        "{LISTENS}<button style='width:100px;height:50px'>0</button>
        <div style='position:absolute;top:100px;width:200px;height:100px;overflow:auto'>
        <p style='height:1000px'></div>
        <script>told('mousedown mouseup click dblclick contextmenu auxclick'); n = 0;
        document.querySelector('button').onclick = e => {{
          e.target.textContent = ++n; keys = [e.shiftKey, e.ctrlKey, e.altKey, e.metaKey]; }};
        </script>"
    );
    let site = Site::new(&[("/", &page)]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    for n in 1..=20 {
        tab.click("button").await;
        assert_eq!(tab.eval("document.querySelector('button').textContent").await, n.to_string());
    }
    tab.eval("seen.length = 0").await;
    let twice = [
        Input::Move(10.0, 10.0),
        Input::Down(0, 1),
        Input::Up(0, 1),
        Input::Down(0, 2),
        Input::Up(0, 2),
    ];
    tab.input(&twice).await;
    let wanted = json!([
        "mousedown true 0 1",
        "mouseup true 0 1",
        "click true 0 1",
        "mousedown true 0 2",
        "mouseup true 0 2",
        "click true 0 2",
        "dblclick true 0 2"
    ]);
    assert_eq!(tab.eval("seen.splice(0)").await, wanted);
    tab.input(&[Input::Down(2, 1), Input::Up(2, 1)]).await;
    let wanted = json!([
        "mousedown true 2 1",
        "contextmenu true 2 0",
        "mouseup true 2 1",
        "auxclick true 2 1"
    ]);
    assert_eq!(tab.eval("seen.splice(0)").await, wanted);
    let held = [
        Input::KeyDown("Shift".to_string()),
        Input::KeyDown("Alt".to_string()),
        Input::Down(0, 1),
        Input::Up(0, 1),
        Input::KeyUp("Alt".to_string()),
        Input::KeyUp("Shift".to_string()),
    ];
    tab.input(&held).await;
    assert_eq!(tab.eval("keys").await, json!([true, false, true, false]));
    tab.click("button").await;
    assert_eq!(tab.eval("keys").await, json!([false, false, false, false]));
    tab.input(&[Input::Move(50.0, 150.0), Input::Wheel(0.0, 120.0)]).await;
    tab.until("document.querySelector('div').scrollTop == 120").await;
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn keys_write_and_order() {
    let page = format!(
        "{LISTENS}<textarea autofocus></textarea><form><input><button>go</button></form>
        <script>told('keydown keyup'); sent = 0; texts = 0;
        document.forms[0].onsubmit = e => {{ e.preventDefault(); sent++; }};
        document.querySelector('textarea').oninput = e => texts++; </script>"
    );
    let site = Site::new(&[("/", &page)]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    tab.click("textarea").await;
    tab.input(&[Input::Text("Ab é 漢 🎉\n~/{}".to_string())]).await;
    assert_eq!(tab.eval("document.querySelector('textarea').value").await, "Ab é 漢 🎉\n~/{}");
    assert_eq!(tab.eval("texts").await, 13);
    assert_eq!(
        tab.eval("seen.splice(0).slice(0, 4)").await,
        json!(["keydown true A 0", "keyup true A 0", "keydown true b 0", "keyup true b 0"])
    );
    let key = |key: &str| [Input::KeyDown(key.to_string()), Input::KeyUp(key.to_string())];
    let all = [
        vec![Input::KeyDown("Control".to_string())],
        key("a").to_vec(),
        vec![Input::KeyUp("Control".to_string())],
        key("Backspace").to_vec(),
    ];
    tab.input(&all.concat()).await;
    assert_eq!(tab.eval("document.querySelector('textarea').value").await, "");
    let marked = [
        vec![Input::Text("abc".to_string()), Input::KeyDown("Shift".to_string())],
        key("ArrowLeft").to_vec(),
        key("ArrowLeft").to_vec(),
        vec![Input::KeyUp("Shift".to_string()), Input::Text("X".to_string())],
    ];
    tab.input(&marked.concat()).await;
    assert_eq!(tab.eval("document.querySelector('textarea').value").await, "aX");
    tab.input(&key("Tab")).await;
    assert_eq!(tab.eval("document.activeElement.localName").await, "input");
    tab.input(&key("Enter")).await;
    assert_eq!(tab.eval("sent").await, 1);
    let wrong = tab.channel.input(&[Input::KeyDown("Entr".to_string())], soon()).await;
    assert!(matches!(&wrong, Err(Trouble::Refused(said)) if said.contains("`Entr`")), "{wrong:?}");
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn what_can_be_dragged_is_dropped() {
    let page = format!(
        "{LISTENS}<div id=a draggable=true style='width:80px;height:40px;background:red'>a</div>
        <div id=b style='position:absolute;left:200px;top:200px;width:90px;height:90px'>b</div>
        <div id=c style='position:absolute;left:400px;top:0;width:50px;height:50px'>c</div>
        <script>
        told('dragstart dragenter drop dragend mouseup');
        a.ondragstart = e => e.dataTransfer.setData('text/plain', 'what');
        b.ondragover = e => e.preventDefault();
        b.ondrop = e => {{ e.preventDefault();
          b.textContent = e.dataTransfer.getData('text/plain'); }};
        c.onpointerdown = e => c.setPointerCapture(e.pointerId);
        c.onpointermove = e => {{ if (e.buttons) c.style.left = e.clientX + 'px'; }};
        </script>"
    );
    let site = Site::new(&[("/", &page)]).await;
    let mut started = Started::new().await;
    let mut tab = started.open(&site.url).await;
    tab.go("/").await;
    let drag = |from: (f64, f64), to: (f64, f64)| {
        let between = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        [
            Input::Move(from.0, from.1),
            Input::Down(0, 1),
            Input::Move(from.0 + 2.0, from.1 + 2.0),
            Input::Move(between.0, between.1),
            Input::Move(to.0, to.1),
            Input::Up(0, 1),
        ]
    };
    for _ in 0..2 {
        tab.eval("(seen.length = 0, b.textContent = 'b')").await;
        tab.input(&drag((20.0, 20.0), (240.0, 240.0))).await;
        tab.until("seen.some(e => e.startsWith('dragend'))").await;
        assert_eq!(tab.eval("b.textContent").await, "what");
        let seen = tab.eval("seen.filter(e => !e.startsWith('dragenter'))").await;
        assert_eq!(seen, json!(["dragstart true 0 0", "drop true 0 0", "dragend true 0 0"]));
    }
    // What moves by itself gets the pointer as ever; and a click after it is a click.
    tab.input(&drag((420.0, 20.0), (500.0, 20.0))).await;
    assert_eq!(tab.eval("c.style.left").await, "500px");
    tab.eval("(seen.length = 0, b.onclick = () => b.textContent = 'clicked')").await;
    tab.click("#b").await;
    assert_eq!(tab.eval("b.textContent").await, "clicked");
    tab.close().await;
    started.quit().await;
}

#[tokio::test]
async fn a_phone_is_touched() {
    let page = format!(
        "<meta name=viewport content='width=device-width'>{LISTENS}
        <button style='width:100px;height:50px'>0</button>
        <script>told('touchstart touchend pointerdown click');
        addEventListener('pointerdown', e => kind = e.pointerType, true);
        document.querySelector('button').onclick = e => e.target.textContent = 'tapped';
        </script>"
    );
    let site = Site::new(&[("/", &page)]).await;
    let mut started = Started::new().await;
    let mut tab = started
        .open_as(&site.url, |opening| {
            opening.emulation.mobile = true;
            opening.emulation.viewport = (390, 844);
            opening.emulation.scale = 3.0;
        })
        .await;
    tab.go("/").await;
    assert_eq!(
        tab.eval(
            "[innerWidth, innerHeight, devicePixelRatio, navigator.maxTouchPoints > 0, \
        matchMedia('(pointer: coarse)').matches]"
        )
        .await,
        json!([390, 844, 3, true, true])
    );
    for _ in 0..5 {
        tab.eval("(seen.length = 0, document.querySelector('button').textContent = '0')").await;
        tab.click("button").await;
        assert_eq!(tab.eval("document.querySelector('button').textContent").await, "tapped");
    }
    assert_eq!(tab.eval("kind").await, "touch");
    // Two taps that follow each other fast count, as a finger's do.
    let wanted = ["pointerdown true 0", "touchstart true ", "touchend true ", "click true 0"];
    let seen = tab.eval("seen.map(e => e.slice(0, -2))").await;
    assert_eq!(seen, json!(wanted));
    tab.close().await;
    started.quit().await;
}
