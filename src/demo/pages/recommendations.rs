//! Recommendations, and what somebody thinks of them.

use serde_json::json;

use super::super::flaw::Flaw;
use super::super::input::{Id, Json};
use super::super::recommendations;
use super::super::reply::Listed;
use super::form::Posted;
use super::lists::Asked;
use super::page::{Member, Page, Shown, fields, go, safe_place};

pub(super) async fn list(page: Page, member: Member) -> Shown {
    let asked = Asked::of(&page);
    let names = ["type", "limit", "page"];
    let mut data = json!({
        "asked": asked.values(&names), "rows": [], "profile_required": false, "total": 0,
        "lost": page.has(Flaw::Like),
    });
    match recommendations::find_all(&page.db, member.who, asked.fields(&names)) {
        Ok(Listed { rows, total, .. }) => {
            data["rows"] = json!(rows);
            data["total"] = json!(total);
        }
        Err(refusal) if refusal.code == "PROFILE_REQUIRED" => {
            data["profile_required"] = json!(true);
        }
        Err(refusal) => return Err(refusal.into()),
    }
    page.show("recommendations.html", data)
}

/// What the script does through the API, for a browser without one.
pub(super) async fn feedback(
    page: Page,
    member: Member,
    Id(id): Id,
    Posted(form): Posted,
) -> Shown {
    if !page.has(Flaw::Like) {
        let opinion = Json(fields(json!({ "liked": form.get("liked") == "true" })));
        recommendations::feedback(page.db.clone(), member.who, Id(id), opinion).await?;
    }
    let place = safe_place(form.get("back"));
    let mark = if place.contains('?') { '&' } else { '?' };
    Ok(go(&format!("{place}{mark}done=opinion-noted")))
}
