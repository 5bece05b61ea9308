//! Variables, conditions, pauses and the fake transport of a session.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use taster::driver::{Client, Identity, Script, Turn};
use taster::plan::{ComparisonPlan, Condition, Slot, Spelling, ValuePlan};
use taster::sample::Failure;
use taster::units::Pause;
use tokio::time::Instant;

use super::step::*;

#[test]
fn variables_start_from_the_plan_and_can_be_handed_on() {
    let mut plan = plan();
    plan.initial.push((ID, json!("start")));
    let client = Client::new(&Arc::new(plan)).unwrap();
    let open = |user| Session::open(&client, Identity { user, seed: 1 });
    let (mut one, mut two) = (open(1), open(2));
    assert_eq!(one.get(ID), Some(&json!("start")));
    assert_eq!((one.get(TOKEN), one.get(Slot(9))), (None, None));
    one.adopt(&[(TOKEN, json!("t"))]);
    one.set(ID, json!("row"));
    one.set(Slot(9), json!("nowhere"));
    two.adopt(&one.captured());
    assert_eq!(two.get(TOKEN), Some(&json!("t")));
    assert_eq!(two.get(ID), Some(&json!("start")));
}

#[test]
fn conditions_look_at_variables() {
    let mut session = session();
    session.set(ID, json!(5));
    let is = |slot, test| Condition { slot, matcher: matcher(test) };
    let value = |value| ValuePlan::Fixed(value);
    let gone = is(TOKEN, ComparisonPlan::Exists(false));
    let five = is(ID, ComparisonPlan::Equals(value(json!(5))));
    let six = is(ID, ComparisonPlan::Equals(value(json!(6))));
    let unset = is(TOKEN, ComparisonPlan::Not(value(json!(6))));
    assert!(session.holds(&[]));
    assert!(session.holds(&[gone.clone(), five.clone()]));
    assert!(!session.holds(&[five, six]));
    assert!(!session.holds(&[unset]));
    let needs_token = ValuePlan::Rendered(hole("", TOKEN, Spelling::Json));
    assert!(!session.holds(&[is(ID, ComparisonPlan::Equals(needs_token.clone()))]));
    session.set(TOKEN, json!(5));
    assert!(session.holds(&[is(ID, ComparisonPlan::Equals(needs_token))]));
}

#[test]
fn pauses_lie_in_their_range_and_repeat_with_the_seed() {
    let range = Pause { least: Duration::from_millis(100), most: Duration::from_millis(300) };
    let draw = |iteration| {
        let mut session = session();
        session.begin_iteration(iteration);
        (0..100).map(|_| session.draw(range)).collect::<Vec<_>>()
    };
    let drawn = draw(1);
    assert!(drawn.iter().all(|pause| (range.least..=range.most).contains(pause)));
    assert_eq!(drawn, draw(1));
    assert_ne!(drawn, draw(2));
    let fixed = Pause { least: Duration::from_secs(1), most: Duration::from_secs(1) };
    assert_eq!(session().draw(fixed), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_fake_client_does_what_its_script_says() {
    let mut captures = Turn::ok(Duration::from_secs(3));
    captures.captures.push((TOKEN, json!("t")));
    let script = Script::of(vec![captures, Turn::fails(Duration::from_secs(1), Failure::Html)]);
    let client = Client::fake(&Arc::new(plan()), script);
    let mut session = Session::open(&client, Identity { user: 1, seed: 1 });
    let begin = Instant::now();
    let exchange = session.run(&get("http://nowhere.invalid/")).await;
    assert_eq!(exchange.outcome, Ok(()));
    assert_eq!(exchange.started - begin, Duration::ZERO);
    assert_eq!(exchange.ended - begin, Duration::from_secs(3));
    assert_eq!(session.captured(), [(TOKEN, json!("t"))]);
    let exchange = session.run(&get("http://nowhere.invalid/")).await;
    assert_eq!(wrong(&exchange), (Failure::Html, "the script says html"));
    assert_eq!((exchange.checks, exchange.failed_checks), (1, 1));
    assert_eq!(Instant::now() - begin, Duration::from_secs(4));
    let mut other = Session::open(&client, Identity { user: 2, seed: 1 });
    assert_eq!(other.run(&get("http://nowhere.invalid/")).await.outcome, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_script_can_look_at_the_call_and_the_clock() {
    let begin = Instant::now();
    let script = Script::new(move |call| {
        let slow = begin.elapsed() >= Duration::from_secs(1) && call.user == 2;
        Turn::ok(Duration::from_millis(if slow { 900 } else { 500 * call.iteration }))
    });
    let client = Client::fake(&Arc::new(plan()), script);
    let mut session = Session::open(&client, Identity { user: 2, seed: 1 });
    let mut took = Vec::new();
    for iteration in 1..=3 {
        session.begin_iteration(iteration);
        let exchange = session.run(&get("x")).await;
        took.push((exchange.ended - exchange.started).as_millis());
    }
    assert_eq!(took, [500, 1000, 900]);
}

#[test]
fn a_session_can_move_between_threads() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    let mut session = send(session());
    let step = get("http://nowhere.invalid/");
    drop(send(session.run(&step)));
}
