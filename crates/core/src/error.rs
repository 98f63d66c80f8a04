//! What errors share: the word that was got, the words that are allowed, and the nearest of them.

use std::fmt;

/// A word that is none of those allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{got}` is not allowed; allowed are {}{}", .allowed.join(", "), did_you_mean(*.nearest))]
pub struct WordError {
    /// What the word was for.
    pub what: &'static str,
    /// What was read.
    pub got: String,
    /// Every word that could stand there.
    pub allowed: Vec<&'static str>,
    /// The one it was perhaps meant to be.
    pub nearest: Option<&'static str>,
}

/// How an error ends that knows the nearest word; nothing where there is none.
///
/// ```
/// use barloom_core::error::did_you_mean;
/// assert_eq!(did_you_mean(Some("strict")), "; did you mean `strict`?");
/// assert_eq!(did_you_mean(None::<&str>), "");
/// ```
pub fn did_you_mean(nearest: Option<impl fmt::Display>) -> String {
    nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}

/// The word of `allowed` that `got` was perhaps meant to be: a few letters off, or the same in another case.
///
/// ```
/// use barloom_core::error::nearest;
/// assert_eq!(nearest("calender", ["calendar", "coverage"]), Some("calendar"));
/// assert_eq!(nearest("xyz", ["calendar", "coverage"]), None);
/// ```
pub fn nearest<'a>(got: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let got = got.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&got, &word.to_lowercase());
    let (distance, word) = allowed.into_iter().map(|word| (distance(word), word)).min_by_key(|&(d, _)| d)?;
    (distance <= (got.chars().count() / 3).max(1)).then_some(word)
}

/// Reads one of a few words, each with its meaning.
///
/// # Errors
/// [`WordError`] that lists the words.
pub fn word<T: Copy>(what: &'static str, text: &str, words: &[(&'static str, T)]) -> Result<T, WordError> {
    words.iter().find(|(word, _)| *word == text).map(|&(_, meaning)| meaning).ok_or_else(|| {
        let allowed: Vec<&'static str> = words.iter().map(|&(word, _)| word).collect();
        WordError { what, got: text.to_owned(), nearest: nearest(text, allowed.iter().copied()), allowed }
    })
}

/// What a panic said.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_lists_what_is_allowed_and_the_nearest() {
        let error = word("policy", "strct", &[("coverage", 0), ("strict", 1)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "policy `strct` is not allowed; allowed are coverage, strict; did you mean `strict`?"
        );
        assert_eq!(word("policy", "strict", &[("coverage", 0), ("strict", 1)]), Ok(1));
    }
}
