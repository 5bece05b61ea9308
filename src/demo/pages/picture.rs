//! The picture of somebody: sent from the profile page, kept in the database, shown to them.

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use rusqlite::{Connection, OptionalExtension};

use super::super::reply::Refusal;
use super::form::Posted;
use super::multipart::Upload;
use super::page::{Member, Page, Shown, go};
use super::profile;

/// The largest picture, in bytes.
const MOST: usize = 256 * 1024;

/// What a file of each kind begins with. Its name says nothing.
const KINDS: [(&str, &[u8]); 3] =
    [("image/png", b"\x89PNG\r\n\x1a\n"), ("image/jpeg", b"\xff\xd8\xff"), ("image/gif", b"GIF8")];

/// Whether somebody has one.
pub(super) fn kept(database: &Connection, user_n: i64) -> rusqlite::Result<bool> {
    let mut select =
        database.prepare_cached("SELECT EXISTS (SELECT 1 FROM pictures WHERE user_n = ?1)")?;
    select.query_row([user_n], |row| row.get(0))
}

pub(super) async fn show(page: Page, member: Member) -> Shown {
    let found = page.db.read(|database| {
        let mut select =
            database.prepare_cached("SELECT kind, bytes FROM pictures WHERE user_n = ?1")?;
        let read = |row: &rusqlite::Row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?));
        Ok(select.query_row([member.who.user_n], read).optional()?)
    })?;
    let (kind, bytes) = found.ok_or_else(|| Refusal::not_found("picture"))?;
    let kind = HeaderValue::try_from(kind).map_err(|_| Refusal::internal())?;
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

pub(super) async fn save(page: Page, member: Member, Posted(form): Posted) -> Shown {
    let checked = match &form.upload {
        Some(upload) => examine(upload).map(|kind| (kind, &upload.bytes)),
        None => Err(Refusal::invalid("picture", "is required")),
    };
    let (kind, bytes) = match checked {
        Ok(picture) => picture,
        Err(refusal) => return profile::again(&page, &member, ("picture_form", &form, &refusal)),
    };
    let saved = page.db.write(|database| {
        let mut insert =
            database.prepare_cached("INSERT OR REPLACE INTO pictures VALUES (?1, ?2, ?3)")?;
        insert.execute((member.who.user_n, kind, bytes))?;
        Ok(())
    });
    saved.await?;
    Ok(go("/profile?done=picture-saved"))
}

fn examine(upload: &Upload) -> Result<&'static str, Refusal> {
    if upload.bytes.len() > MOST {
        return Err(Refusal::invalid("picture", "must have at most 256 KB"));
    }
    let kind = KINDS.iter().find(|(_, start)| upload.bytes.starts_with(start));
    let wrong = || Refusal::invalid("picture", "must be a PNG, JPEG or GIF");
    kind.map(|(kind, _)| *kind).ok_or_else(wrong)
}

pub(super) async fn remove(page: Page, member: Member, _: Posted) -> Shown {
    let removed = page.db.write(|database| {
        database.execute("DELETE FROM pictures WHERE user_n = ?1", [member.who.user_n])?;
        Ok(())
    });
    removed.await?;
    Ok(go("/profile?done=picture-removed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_stands_in_its_first_bytes() {
        let upload = |bytes: &[u8]| Upload { bytes: bytes.to_vec() };
        assert_eq!(examine(&upload(b"GIF89a...")).expect("a picture"), "image/gif");
        assert!(examine(&upload(b"<svg onload=alert(1)>")).is_err());
        assert!(examine(&upload(b"")).is_err());
        let mut large = KINDS[0].1.to_vec();
        large.resize(MOST + 1, 0);
        assert!(examine(&upload(&large)).is_err());
    }
}
