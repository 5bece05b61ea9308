//! The pages that the contract is tried on.

use std::time::Duration;

use crate::http::server::{Act, Request, Server, json, reply};

/// Serves them.
pub async fn start() -> Server {
    Server::start(answer).await
}

const PLAIN: &[(&str, &str)] = &[("content-type", "text/plain")];

fn html(body: &str) -> Vec<Act> {
    let page = format!("<!doctype html><title>Page</title>{body}");
    vec![Act::Send(reply("200 OK", &[("content-type", "text/html; charset=utf-8")], page))]
}

fn answer(request: &Request) -> Vec<Act> {
    let path = request.path().split('?').next().unwrap_or_default();
    match path {
        "/" => html("<h1>Hello</h1><a href='/next'>next</a>"),
        "/next" => html("<h1>Next</h1>"),
        "/hands" => html(HANDS),
        "/tall" => html(TALL),
        "/dialogs" => html(DIALOGS),
        "/frames" => {
            // The same server under another name is another origin.
            let other = request.header("host").replace("127.0.0.1", "localhost");
            html(&format!("<h1>Outer</h1><iframe id=f src='http://{other}/inner'></iframe>"))
        }
        "/inner" => html("<button onclick=\"this.textContent='pressed'\">Inner</button>"),
        "/opens" => html("<a href='/next' target=_blank>in a new tab</a>"),
        "/closes" => html("<button onclick='window.close()'>Close</button>"),
        "/moves" => html("<script>setTimeout(() => location.href = '/next', 300)</script>"),
        "/says" => html(
            "<script>console.log('while loading'); console.error('bad', {a: 1}); \
             setTimeout(() => { throw new Error('nobody caught') }, 0)</script>",
        ),
        "/strict" => {
            let headers = [
                ("content-type", "text/html"),
                ("content-security-policy", "default-src 'none'; script-src 'nonce-n1'"),
            ];
            let page = "<!doctype html><script nonce=n1>console.warn('under a policy')</script>\
                        <button>Strict</button>";
            vec![Act::Send(reply("200 OK", &headers, page))]
        }
        "/upload" => html("<input type=file id=one><input type=file multiple id=many>"),
        "/downloads" => html(
            "<a id=a href='/file.txt'>file</a> <a id=b download='made.txt' \
             href='data:text/plain,made'>made</a>",
        ),
        "/file.txt" => {
            let headers = [("content-disposition", "attachment; filename=\"report.txt\"")];
            vec![Act::Send(reply("200 OK", &headers, "ten bytes!"))]
        }
        "/fetches" => html(
            "<script>window.get = (u, o) => fetch(u, o).then(async r => [r.status, \
             await r.text()], e => ['failed', String(e.name)])</script>",
        ),
        "/api" => vec![Act::Send(json("200 OK", "{\"from\":\"server\"}"))],
        "/agent" => {
            let told = [request.header("user-agent"), request.header("x-extra")].join("|");
            vec![Act::Send(reply("200 OK", PLAIN, told))]
        }
        "/sets" => {
            let headers = [
                ("content-type", "text/html"),
                ("set-cookie", "seen=yes; Path=/; HttpOnly; SameSite=Lax"),
            ];
            vec![Act::Send(reply("200 OK", &headers, "<!doctype html><p>set"))]
        }
        "/cookie" => vec![Act::Send(reply("200 OK", PLAIN, request.header("cookie")))],
        "/slow" => vec![Act::Wait(Duration::from_secs(30)), Act::Close],
        "/late" => [vec![Act::Wait(Duration::from_millis(600))], html("<h1>Late</h1>")].concat(),
        "/reset" => vec![Act::Reset],
        "/bulk" => vec![Act::Send(reply("200 OK", PLAIN, vec![b'x'; 60_000]))],
        _ => vec![Act::Send(reply("404 Not Found", &[("content-type", "text/html")], "no"))],
    }
}

/// Notes every event of pointer and keyboard, and what a field holds.
const HANDS: &str = "<style>* { margin: 0 } #pad { position: absolute; left: 20px; top: 20px; \
    width: 200px; height: 60px; background: #eee } #field { position: absolute; left: 20px; \
    top: 100px } #box { position: absolute; left: 20px; top: 150px; width: 100px; height: 50px; \
    overflow: auto }</style><div id=pad>pad</div><input id=field value='old'>\
    <div id=box><div style='height: 900px'>long</div></div><script>window.seen = []; \
    for (const type of ['pointermove', 'mousedown', 'mouseup', 'click', 'dblclick', \
    'contextmenu', 'keydown', 'input', 'wheel']) addEventListener(type, e => { \
    if (type === 'contextmenu') e.preventDefault(); \
    seen.push([type, e.isTrusted, e.key || e.button, e.ctrlKey || false]) }, true)</script>";

/// Red above, blue below, twice as high as any window of the tests.
const TALL: &str = "<style>* { margin: 0 }</style><div style='height: 1000px; \
    background: rgb(255, 0, 0)'></div><div id=low style='height: 1000px; width: 300px; \
    background: rgb(0, 0, 255)'></div>";

const DIALOGS: &str = "<button id=a onclick=\"alert('careful'); this.textContent = 'warned'\">\
    Alert</button><button id=c onclick=\"window.sure = confirm('sure?')\">Confirm</button>\
    <button id=p onclick=\"window.name_ = prompt('your name?', 'nobody')\">Prompt</button>";
