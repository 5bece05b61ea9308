//! What the service answers: the envelope of a success, and every refusal by its name.
//!
//! A refusal's status and code are decided here and nowhere else; routes only name it.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::input::PageOf;

/// What a route returns.
pub(super) type Reply = Result<Response, Refusal>;

#[derive(Serialize)]
struct Success<T> {
    success: bool,
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
}

#[derive(Serialize)]
struct Meta {
    total: i64,
    page: i64,
    limit: i64,
}

/// The data in its envelope, with this status.
pub(super) fn success(status: StatusCode, data: impl Serialize) -> Reply {
    Ok((status, Json(Success { success: true, data, meta: None })).into_response())
}

/// 200 with data.
pub(super) fn ok(data: impl Serialize) -> Reply {
    success(StatusCode::OK, data)
}

/// 201 with data.
pub(super) fn created(data: impl Serialize) -> Reply {
    success(StatusCode::CREATED, data)
}

/// 204, without anything.
pub(super) fn no_content() -> Reply {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// One page of a list.
pub(super) struct Listed<T> {
    pub(super) rows: Vec<T>,
    pub(super) total: i64,
    pub(super) page: PageOf,
}

/// 200 with one page of a list.
pub(super) fn listed(rows: &[impl Serialize], total: i64, page: PageOf) -> Reply {
    let meta = Some(Meta { total, page: page.page, limit: page.limit });
    Ok(Json(Success { success: true, data: rows, meta }).into_response())
}

/// Why a request got nothing.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) details: Vec<Detail>,
    pub(super) retry_after: Option<u64>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Detail {
    pub(super) field: String,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        let message = message.to_owned();
        Refusal { status, code, message, details: Vec::new(), retry_after: None }
    }

    pub(super) fn bad_request(code: &'static str, message: &str) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn conflict(code: &'static str, message: &str) -> Self {
        Refusal::new(StatusCode::CONFLICT, code, message)
    }

    pub(super) fn gone(code: &'static str, message: &str) -> Self {
        Refusal::new(StatusCode::GONE, code, message)
    }

    pub(super) fn validation(details: Vec<Detail>) -> Self {
        let refusal = Refusal::bad_request("VALIDATION_ERROR", "the request is not valid");
        refusal.with_details(details)
    }

    /// A validation error in one field.
    pub(super) fn invalid(field: &str, message: &str) -> Self {
        let (field, message) = (field.to_owned(), message.to_owned());
        Refusal::validation(vec![Detail { field, message }])
    }

    pub(super) fn malformed_json() -> Self {
        Refusal::bad_request("MALFORMED_JSON", "the body is not JSON")
    }

    pub(super) fn payload_too_large() -> Self {
        let message = "the body is larger than 1 MB";
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    pub(super) fn not_found(what: &str) -> Self {
        let message = format!("there is no such {what}");
        Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", &message)
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "the path exists, the method does not";
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    pub(super) fn unauthorized(code: &'static str, message: &str) -> Self {
        Refusal::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(super) fn sign_in_required() -> Self {
        Refusal::unauthorized("UNAUTHORIZED", "sign in first")
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    pub(super) fn csrf() -> Self {
        let message = "the request does not come from a page of this service";
        Refusal::new(StatusCode::FORBIDDEN, "CSRF", message)
    }

    pub(super) fn too_many(retry_after: u64) -> Self {
        let message = "too many requests, try again later";
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message);
        Refusal { retry_after: Some(retry_after), ..refusal }
    }

    pub(super) fn profile_required() -> Self {
        Refusal::conflict("PROFILE_REQUIRED", "fill in the health profile first")
    }

    pub(super) fn database_down() -> Self {
        let message = "the database does not answer";
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "DATABASE_UNAVAILABLE", message)
    }

    pub(super) fn internal() -> Self {
        let message = "something broke on our side";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", message)
    }

    pub(super) fn with_details(self, details: Vec<Detail>) -> Self {
        Refusal { details, ..self }
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        log::error!("the demo's database: {error}");
        match error.sqlite_error_code() {
            // Others hold the file, or the disk is full: it may pass, so it is not a bug.
            Some(
                rusqlite::ErrorCode::DatabaseBusy
                | rusqlite::ErrorCode::DatabaseLocked
                | rusqlite::ErrorCode::CannotOpen
                | rusqlite::ErrorCode::SystemIoFailure
                | rusqlite::ErrorCode::DiskFull,
            ) => Refusal::database_down(),
            _ => Refusal::internal(),
        }
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        log::error!("stored JSON: {error}");
        Refusal::internal()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({ "message": self.message, "code": self.code });
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        let mut response = (self.status, Json(json!({ "error": error }))).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
