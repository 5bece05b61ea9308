//! Each session has its own cookies, on shared connections.

use taster::driver::Identity;
use taster::plan::CaptureSource;

use super::server::{Server, ok, reply, send};
use super::step::*;

async fn server() -> Server {
    Server::start(|request| match request.path() {
        "/in" => {
            let sid = format!("sid={}; Path=/; HttpOnly", request.header("x-user"));
            send(reply("200 OK", &[("set-cookie", &sid), ("set-cookie", "b=2; Path=/b")], ""))
        }
        "/out" => send(reply("200 OK", &[("set-cookie", "sid=; Path=/; Max-Age=0")], "")),
        _ => send(ok("")),
    })
    .await
}

#[tokio::test]
async fn cookies_belong_to_one_session() {
    let server = server().await;
    let client = client();
    let open = |user| Session::open(&client, Identity { user, seed: 1 });
    let (mut one, mut two, mut three) = (open(1), open(2), open(3));
    for (session, user) in [(&mut one, "one"), (&mut two, "two")] {
        session.run(&get(server.url("/in")).header("x-user", user)).await;
    }
    for (session, cookies) in [(&mut one, "sid=one"), (&mut two, "sid=two"), (&mut three, "")] {
        assert_eq!(session.run(&get(server.url("/"))).await.outcome, Ok(()));
        assert_eq!(server.last().header("cookie"), cookies);
    }
    one.run(&get(server.url("/b/c"))).await;
    assert_eq!(server.last().header("cookie"), "b=2; sid=one");
    one.run(&get(server.url("/out"))).await;
    one.run(&get(server.url("/"))).await;
    assert_eq!(server.last().header("cookie"), "");
}

#[tokio::test]
async fn the_cookies_and_the_cookie_header_of_a_step_win() {
    let server = server().await;
    let mut session = session();
    session.run(&get(server.url("/in")).header("x-user", "one")).await;
    let own = get(server.url("/")).with(|step| step.cookies.push(("sid".into(), template("mine"))));
    session.run(&own).await;
    assert_eq!(server.last().header("cookie"), "sid=mine");
    session.run(&get(server.url("/")).header("cookie", "only=this")).await;
    assert_eq!(server.last().header("cookie"), "only=this");
}

#[tokio::test]
async fn a_cookie_can_be_captured() {
    let server = server().await;
    let mut session = session();
    let step = get(server.url("/in")).header("x-user", "one");
    let step = step.capture(TOKEN, CaptureSource::Cookie("sid".into()));
    assert_eq!(session.run(&step).await.outcome, Ok(()));
    assert_eq!(session.get(TOKEN), Some(&"one".into()));
    let gone = get(server.url("/")).capture(ID, CaptureSource::Cookie("other".into()));
    assert_eq!(
        wrong(&session.run(&gone).await).1,
        "captures `id` from the cookie `other`: not set; there are: b, sid"
    );
}
