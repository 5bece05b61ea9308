//! Writes a request's prepared form out with the values of now.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use crate::plan::{Missing, Piece, Scope, Template, WireBody, WirePlan, is_field_byte};

/// The memory that one user's requests are written into, again and again.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    /// The request, where it is not the same each time.
    text: String,
    /// A body while its length is not told yet.
    body: String,
    /// A value that is to be encoded.
    value: String,
    /// Requests whose body is a file.
    bytes: Vec<u8>,
}

/// The request must be made the long way, which also finds the words for what is wrong.
#[derive(Debug)]
pub(crate) struct TheLongWay;

impl From<Missing> for TheLongWay {
    fn from(_: Missing) -> Self {
        TheLongWay
    }
}

/// The request if it is the same each time.
pub(crate) fn fixed(wire: &WirePlan) -> Option<&[u8]> {
    match (wire.head.as_slice(), &wire.body) {
        ([Piece::Text(text)], WireBody::Fixed) => Some(text.as_bytes()),
        _ => None,
    }
}

impl Rendered {
    /// Writes the request out, allocating nothing once the memory is large enough.
    pub(crate) fn render(
        &mut self,
        wire: &WirePlan,
        scope: &mut Scope<'_>,
    ) -> Result<(), TheLongWay> {
        self.text.clear();
        for piece in &wire.head {
            self.piece(piece, scope)?;
        }
        match &wire.body {
            WireBody::Fixed => {}
            WireBody::Rendered(template) => {
                self.body.clear();
                template.render(scope, &mut self.body)?;
                self.end_head();
                self.text.push_str(&self.body);
            }
            WireBody::Form(pairs) => {
                self.form(pairs, scope)?;
                self.end_head();
                self.text.push_str(&self.body);
            }
            WireBody::Bytes(bytes) => {
                self.bytes.clear();
                self.bytes.extend_from_slice(self.text.as_bytes());
                self.bytes.extend_from_slice(bytes);
            }
        }
        Ok(())
    }

    /// The request: as it always is, or as it was written last.
    pub(crate) fn bytes<'r>(&'r self, wire: &'r WirePlan) -> &'r [u8] {
        match &wire.body {
            WireBody::Bytes(_) => &self.bytes,
            _ => fixed(wire).unwrap_or(self.text.as_bytes()),
        }
    }

    fn end_head(&mut self) {
        // Writing into a String cannot fail.
        let _ = write!(self.text, "content-length: {}\r\n\r\n", self.body.len());
    }

    fn piece(&mut self, piece: &Piece, scope: &mut Scope<'_>) -> Result<(), TheLongWay> {
        let start = self.text.len();
        match piece {
            Piece::Text(text) => self.text.push_str(text),
            Piece::Path(template) => {
                template.render(scope, &mut self.text)?;
                if self.text[start..].contains("/.") {
                    return Err(TheLongWay);
                }
            }
            Piece::Query(template) => {
                self.value.clear();
                template.render(scope, &mut self.value)?;
                self.text.extend(form_urlencoded::byte_serialize(self.value.as_bytes()));
            }
            Piece::Value(template) => {
                template.render(scope, &mut self.text)?;
                if !self.text[start..].bytes().all(is_field_byte) {
                    return Err(TheLongWay);
                }
            }
            Piece::Basic(user, password) => {
                self.value.clear();
                user.render(scope, &mut self.value)?;
                self.value.push(':');
                password.render(scope, &mut self.value)?;
                self.text.push_str("Basic ");
                STANDARD.encode_string(&self.value, &mut self.text);
            }
        }
        Ok(())
    }

    fn form(
        &mut self,
        pairs: &[(String, Template)],
        scope: &mut Scope<'_>,
    ) -> Result<(), TheLongWay> {
        self.body.clear();
        for (name, template) in pairs {
            if !self.body.is_empty() {
                self.body.push('&');
            }
            self.body.extend(form_urlencoded::byte_serialize(name.as_bytes()));
            self.body.push('=');
            self.value.clear();
            template.render(scope, &mut self.value)?;
            self.body.extend(form_urlencoded::byte_serialize(self.value.as_bytes()));
        }
        Ok(())
    }
}
