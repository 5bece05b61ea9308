//! The style sheet, the script and the icon that all pages share.

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::identity;
use super::super::reply::Refusal;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 5] = [
    Asset { name: "app.css", kind: "text/css", text: include_str!("assets/app.css") },
    Asset { name: "app.js", kind: "text/javascript", text: include_str!("assets/app.js") },
    Asset { name: "shop.js", kind: "text/javascript", text: include_str!("assets/shop.js") },
    Asset { name: "trouble.js", kind: "text/javascript", text: include_str!("assets/trouble.js") },
    Asset { name: "icon.svg", kind: "image/svg+xml", text: include_str!("assets/icon.svg") },
];

/// The address of an asset, with a stamp of what is in it: so it can be kept for ever.
pub(super) fn stamped(name: &str) -> String {
    let text = ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| asset.text);
    let stamp = URL_SAFE_NO_PAD.encode(&identity::digest(text.as_bytes())[..6]);
    format!("/assets/{name}?{stamp}")
}

pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return Refusal::not_found("file").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, asset.text).into_response()
}
