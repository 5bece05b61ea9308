//! What pages say when something went well, and sentences out of what the service says.

/// A page that was sent on to says what was done, by one of these words in its query. A text of
/// its own would let others put words in our mouth.
const NOTICES: [(&str, &str); 18] = [
    ("signed-up", "Welcome! Your account is ready."),
    ("signed-in", "You are signed in."),
    ("signed-out", "You are signed out."),
    ("sign-in-first", "Please sign in first."),
    ("password-changed", "Your password is changed. Sign in with the new one."),
    ("account-saved", "Your account is saved."),
    ("health-saved", "Your health profile is saved."),
    ("picture-saved", "Your picture is saved."),
    ("picture-removed", "Your picture is removed."),
    ("meal-created", "The meal is created."),
    ("meal-saved", "The meal is saved."),
    ("meal-copied", "The meal is copied."),
    ("meal-deleted", "The meal is deleted."),
    ("opinion-noted", "Your opinion is noted."),
    ("cart-changed", "Your cart is updated."),
    ("coupon-added", "The coupon is in your cart."),
    ("ordered", "Thank you! Your order is placed."),
    ("order-cancelled", "The order is cancelled."),
];

/// What to say about this.
pub(super) fn text(done: &str) -> Option<&'static str> {
    NOTICES.iter().find(|(word, _)| *word == done).map(|(_, text)| *text)
}

/// With a capital letter and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_and_ends_as_one() {
        assert_eq!(sentence("the card was declined"), "The card was declined.");
        assert_eq!(sentence("Done!"), "Done!");
        assert_eq!(sentence(""), "");
    }
}
