//! Orders: the history, one order, its receipt, its end; and when something will arrive.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::flaw::Flaw;
use super::super::input::Id;
use super::super::orders::{self, Order};
use super::super::reply::Listed;
use super::lists::Asked;
use super::page::{Member, Page, Shown, go};
use super::render::money;

pub(super) async fn list(page: Page, member: Member) -> Shown {
    let asked = Asked::of(&page);
    let Listed { rows, total, page: part } =
        orders::find_all(&page.db, member.who, asked.fields(&["page"]))?;
    let links = asked.links("/orders", (part.page, part.limit), total);
    page.show("orders.html", json!({ "orders": rows, "total": total, "links": links }))
}

pub(super) async fn show(page: Page, member: Member, Id(id): Id) -> Shown {
    let order = find(&page, &member, &id)?;
    page.show("order.html", json!({ "order": order, "problem": null }))
}

pub(super) async fn print(page: Page, member: Member, Id(id): Id) -> Shown {
    let order = find(&page, &member, &id)?;
    page.show("order-print.html", json!({ "order": order }))
}

fn find(page: &Page, member: &Member, id: &str) -> Result<Value, super::page::Declined> {
    let mut order = json!(orders::get(&page.db, member.who, id)?);
    if page.has(Flaw::Total) {
        order["total"] = json!(order["total"].as_i64().unwrap_or_default() + 1);
    }
    Ok(order)
}

pub(super) async fn cancel(
    page: Page,
    member: Member,
    Id(id): Id,
    _: super::form::Posted,
) -> Shown {
    match orders::cancel(page.db.clone(), member.who, Id(id.clone())).await {
        Ok(_) => Ok(go(&format!("/orders/{id}?done=order-cancelled"))),
        Err(refusal) if refusal.status == axum::http::StatusCode::CONFLICT => {
            let order = find(&page, &member, &id)?;
            let problem = super::notices::sentence(&refusal.message);
            let data = json!({ "order": order, "problem": problem });
            Ok(page.draw(refusal.status, "order.html", data))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

pub(super) async fn receipt_csv(page: Page, member: Member, Id(id): Id) -> Shown {
    let order = orders::get(&page.db, member.who, &id)?;
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut line = |cells: [String; 4]| table.write_record(cells).map_err(broken);
    line(["name", "quantity", "unit price", "total"].map(str::to_owned))?;
    for item in &order.items {
        let price = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        line([
            plain(&item.name),
            item.quantity.to_string(),
            price(item.unit_price),
            price(item.total),
        ])?;
    }
    let total = order.head.total;
    line([
        "total".to_owned(),
        String::new(),
        String::new(),
        format!("{}.{:02}", total / 100, total % 100),
    ])?;
    let bytes = table.into_inner().map_err(broken)?;
    Ok(attachment(bytes, "text/csv; charset=utf-8", &format!("order-{}.csv", short(&order))))
}

/// A cell that begins like a formula is one to a spreadsheet.
fn plain(name: &str) -> String {
    let formula = name.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{name}") } else { name.to_owned() }
}

fn broken(error: impl std::fmt::Display) -> super::super::reply::Refusal {
    log::error!("a receipt: {error}");
    super::super::reply::Refusal::internal()
}

pub(super) async fn receipt_text(page: Page, member: Member, Id(id): Id) -> Shown {
    let order = orders::get(&page.db, member.who, &id)?;
    let mut text = format!("Receipt for order {}\n\n", order.head.id);
    for item in &order.items {
        text.push_str(&format!(
            "{:>3} x {:<40} {:>10}\n",
            item.quantity,
            item.name,
            money(item.total)
        ));
    }
    text.push_str(&format!("\nSubtotal {}\n", money(order.head.subtotal)));
    text.push_str(&format!("Discount {}\n", money(order.head.discount)));
    text.push_str(&format!("Total {}\n", money(order.head.total)));
    let name = format!("order-{}.txt", short(&order));
    Ok(attachment(text.into_bytes(), "text/plain; charset=utf-8", &name))
}

/// The first part of an id is enough for a file's name.
fn short(order: &Order) -> &str {
    order.head.id.split('-').next().unwrap_or("order")
}

fn attachment(bytes: Vec<u8>, kind: &'static str, name: &str) -> Response {
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, bytes).into_response()
}

/// A small page for a frame: how long delivery takes to a postal code.
pub(super) async fn delivery(page: Page) -> Shown {
    let code = page.asked("postal-code");
    let code = code.trim();
    let days = match code.bytes().next() {
        None => None,
        Some(b'0'..=b'4') => Some(1),
        Some(b'5'..=b'9') => Some(2),
        Some(_) => Some(4),
    };
    page.show("delivery.html", json!({ "code": code, "days": days }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_formula() {
        assert_eq!(plain("=1+1"), "'=1+1");
        assert_eq!(plain("Garden Peas"), "Garden Peas");
    }
}
