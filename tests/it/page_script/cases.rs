//! One case of a page: its steps, done in order, and whether what came is what was wanted.

use serde_json::Value;

use super::engines::{Engine, Session};

/// Whether a list of engines, as a page writes it, has this one.
pub fn lists(list: &Value, engine: Engine) -> bool {
    let name = format!("{engine:?}").to_lowercase();
    list.as_array().is_some_and(|all| all.iter().any(|one| one == &Value::String(name.clone())))
}

/// Does the steps of a case. The page is visited anew first where the case says `fresh`.
///
/// # Errors
/// The first step that went wrong, and how.
pub async fn run(session: &Session, case: &Value, url: &str) -> Result<(), String> {
    if case["fresh"] == true {
        session.goto(url).await?;
    }
    let mut last = Value::Null;
    for step in case["steps"].as_array().into_iter().flatten() {
        last = take(session, step, url, last).await?;
    }
    Ok(())
}

/// Does one step; gives what `press` and `landed` need of it.
async fn take(session: &Session, step: &Value, url: &str, last: Value) -> Result<Value, String> {
    let Some((verb, given)) = step.as_object().and_then(|map| map.iter().next()) else {
        return Err(format!("a step is a map: {step}"));
    };
    let text = given.as_str().unwrap_or_default();
    match verb.as_str() {
        "js" => {
            session.run(text).await?;
        }
        "value" => {
            let got = session.run(&format!("return {text}")).await?;
            fits(&step["is"], &got, text)?;
        }
        "count" => {
            let argument = serde_json::json!({"from": "count", "locator": given});
            let got = session.call("read", &argument).await?;
            fits(&step["is"], &got["value"], &format!("count of {given}: {got}"))?;
        }
        "element" => {
            let argument = serde_json::json!({"from": "attribute", "attribute": "id",
                "locator": given});
            let got = session.call("read", &argument).await?;
            fits(&step["is"], &got["value"], &format!("element of {given}: {got}"))?;
        }
        "press" => session.pointer(&["move", "down", "up"], point_of(&last)?).await?,
        "pointer" => {
            let point = if step["at"].is_array() { point(&step["at"])? } else { point_of(&last)? };
            let moves: Vec<&str> =
                given.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            session.pointer(&moves, point).await?;
        }
        "console" => {
            session.run(taster::driver::browser::CONSOLE).await?;
        }
        "landed" => {
            let argument = serde_json::json!({"element": last["element"]});
            let got = session.call("landed", &argument).await?;
            fits(given, &got, &format!("landed: {got}"))?;
        }
        "goto" => session.goto(&format!("{}{text}", root(url))).await?,
        "keys" => session.keys(text).await?,
        "call" => {
            let script = |key: &str| step[key].as_str().unwrap_or_default();
            let around = (script("meanwhile"), script("afterwards"));
            let mut argument = step["with"].clone();
            if step["of-last"] == true {
                argument["element"] = last["element"].clone();
            }
            let got = session.call_between(text, &argument, around).await?;
            fits(&step["gives"], &got, &format!("{text}: {got}"))?;
            note_lateness(session, around.0, &got).await?;
            return Ok(got);
        }
        other => return Err(format!("there is no step {other}")),
    }
    Ok(last)
}

/// The point that `ready` gave.
fn point_of(answer: &Value) -> Result<(f64, f64), String> {
    point(&answer["point"])
}

fn point(value: &Value) -> Result<(f64, f64), String> {
    let at = |i: usize| value[i].as_f64().ok_or("there is no point");
    Ok((at(0)?, at(1)?))
}

/// Notes how long after a change it was noticed, where a page changed something in the meantime.
async fn note_lateness(session: &Session, meanwhile: &str, got: &Value) -> Result<(), String> {
    if !meanwhile.starts_with("late(") {
        return Ok(());
    }
    let changed = session.run("return window.changedAt - window.calledAt").await?;
    let noticed = got["results"].as_array().and_then(|all| all.last()?["at"].as_f64());
    if let (Some(changed), Some(noticed)) = (changed.as_f64(), noticed) {
        session.note_lateness(noticed - changed);
    }
    Ok(())
}

/// The address of the server of a page.
fn root(url: &str) -> &str {
    url.rfind('/').map_or(url, |at| &url[..at])
}

/// Whether a value is as wanted: maps hold what is wanted and maybe more, `/text/` is a pattern,
/// `{"above": n}` and `{"below": n}` bounds; numbers may be half a pixel off.
///
/// # Errors
/// What is different, and where.
pub fn fits(wanted: &Value, got: &Value, path: &str) -> Result<(), String> {
    let differs = || Err(format!("wanted {wanted}, got {got} at {path}"));
    match wanted {
        Value::Object(map) => {
            if let Some(bound) = map.get("above").and_then(Value::as_f64) {
                let above = got.as_f64().is_some_and(|number| number > bound);
                return if above { Ok(()) } else { differs() };
            }
            if let Some(bound) = map.get("below").and_then(Value::as_f64) {
                let below = got.as_f64().is_some_and(|number| number < bound);
                return if below { Ok(()) } else { differs() };
            }
            for (key, value) in map {
                let inner = match (got, key.parse::<usize>()) {
                    (Value::Array(list), Ok(at)) => list.get(at),
                    _ => got.get(key),
                };
                fits(value, inner.unwrap_or(&Value::Null), &format!("{key} of {path}"))?;
            }
            Ok(())
        }
        Value::Array(list) => {
            let all = got.as_array().filter(|all| all.len() == list.len());
            let Some(all) = all else { return differs() };
            for (at, (wanted, got)) in list.iter().zip(all).enumerate() {
                fits(wanted, got, &format!("{at} of {path}"))?;
            }
            Ok(())
        }
        Value::String(text) if text.len() > 1 && text.starts_with('/') && text.ends_with('/') => {
            let pattern = regex::Regex::new(&text[1..text.len() - 1]);
            let pattern = pattern.map_err(|error| error.to_string())?;
            if got.as_str().is_some_and(|got| pattern.is_match(got)) { Ok(()) } else { differs() }
        }
        Value::Number(number) => match (number.as_f64(), got.as_f64()) {
            (Some(wanted), Some(got)) if (wanted - got).abs() <= 0.5 => Ok(()),
            _ => differs(),
        },
        _ if wanted == got => Ok(()),
        _ => differs(),
    }
}

#[test]
fn a_value_that_differs_does_not_fit() {
    let wanted = serde_json::json!({"a": [1, {"b": "/^x/"}], "n": {"above": 3}});
    let right = serde_json::json!({"a": [1.2, {"b": "xy", "c": 0}], "n": 4, "more": 1});
    assert_eq!(fits(&wanted, &right, ""), Ok(()));
    for wrong in [
        serde_json::json!({"a": [2, {"b": "xy"}], "n": 4}),
        serde_json::json!({"a": [1, {"b": "yx"}], "n": 4}),
        serde_json::json!({"a": [1], "n": 4}),
        serde_json::json!({"a": [1, {"b": "xy"}], "n": 3}),
        serde_json::json!({"n": 4}),
    ] {
        assert!(fits(&wanted, &wrong, "").is_err(), "{wrong}");
    }
}
