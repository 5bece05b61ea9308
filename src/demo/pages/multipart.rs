//! Forms with files in them (`multipart/form-data`, RFC 7578), as browsers write them.

/// A file that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Upload {
    pub(super) bytes: Vec<u8>,
}

/// The pairs of a form, and its file.
type Content = (Vec<(String, String)>, Option<Upload>);

/// What stands between the parts, by the content type.
pub(super) fn boundary(kind: &str) -> Option<String> {
    let parameters = kind.strip_prefix("multipart/form-data")?;
    let value = parameters.split(';').find_map(|each| each.trim().strip_prefix("boundary="))?;
    let value = value.trim_matches('"');
    (1..=70).contains(&value.len()).then(|| value.to_owned())
}

/// Takes a body apart. `None`: it is not what its content type says.
pub(super) fn read(body: &[u8], boundary: &str) -> Option<Content> {
    let between = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(&between.as_bytes()[2..])?;
    let (mut pairs, mut upload) = (Vec::new(), None);
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, between.as_bytes())?;
        let head = find(&rest[..end], b"\r\n\r\n")?;
        let content = &rest[head + 4..end];
        let (name, file) = read_head(std::str::from_utf8(&rest[..head]).ok()?)?;
        match file {
            // A field for a file that was left empty is sent with an empty name.
            Some(file) if !file.is_empty() => upload = Some(Upload { bytes: content.to_vec() }),
            Some(_) => {}
            None => pairs.push((name, String::from_utf8_lossy(content).into_owned())),
        }
        rest = &rest[end + between.len()..];
    }
    Some((pairs, upload))
}

/// The name of a part, and the name of its file.
fn read_head(head: &str) -> Option<(String, Option<String>)> {
    let line = head.lines().find(|line| {
        line.split_once(':')
            .is_some_and(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
    })?;
    Some((parameter(line, "name")?, parameter(line, "filename")))
}

/// A quoted parameter. Browsers write a quotation mark within as `%22`.
fn parameter(line: &str, name: &str) -> Option<String> {
    let start = format!("; {name}=\"");
    let (_, rest) = line.split_once(&start)?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--XX\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n\
        --XX\r\ncontent-disposition: form-data; name=\"picture\"; filename=\"me.png\"\r\n\
        Content-Type: image/png\r\n\r\n\u{89}PNG\r\n--X\r\n--XX--\r\n";

    #[test]
    fn texts_and_a_file_are_told_apart() {
        let (pairs, upload) = read(BODY.as_bytes(), "XX").expect("a form");
        assert_eq!(pairs, [("csrf".to_owned(), "abc".to_owned())]);
        assert_eq!(upload.expect("a file").bytes, "\u{89}PNG\r\n--X".as_bytes());
    }

    #[test]
    fn a_file_that_was_not_chosen_is_none() {
        let body = BODY.replace("me.png", "");
        assert_eq!(read(body.as_bytes(), "XX").expect("a form").1, None);
    }

    #[test]
    fn what_breaks_off_is_no_form() {
        for end in [0, 3, 10, 60, BODY.len() - 8] {
            assert_eq!(read(&BODY.as_bytes()[..end], "XX"), None, "{end}");
        }
        assert_eq!(read(BODY.as_bytes(), "YY"), None);
    }

    #[test]
    fn a_boundary_may_be_quoted() {
        assert_eq!(boundary("multipart/form-data; boundary=\"a b\""), Some("a b".to_owned()));
        assert_eq!(boundary("multipart/form-data; boundary=-x"), Some("-x".to_owned()));
        assert_eq!(boundary("multipart/form-data"), None);
        assert_eq!(boundary("text/plain; boundary=x"), None);
    }
}
